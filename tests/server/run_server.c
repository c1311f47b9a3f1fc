// SPDX-License-Identifier: MIT
#include "run_server.h"
#include "client.h"
#include "counted.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

const char *server_program;
const char *server_model;
char server_socket[64];

/*
 * However the test ends, its socket goes: a server that is killed with it
 * cannot see to that. A process of its own waits for the end, out of reach of
 * what ends a whole group.
 */
static void remove_socket_at_end(void)
{
	int ends[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid) {
		/* The other end stays open as long as this process lives. */
		close(ends[0]);
		return;
	}
	setsid();
	close(ends[1]);
	while (read(ends[0], &c, 1) < 0 && errno == EINTR)
		;
	unlink(server_socket);
	_exit(0);
}

void server_arguments(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: %s SERVER MODEL\n", argv[0]);
		exit(2);
	}
	server_program = argv[1];
	server_model = argv[2];
	snprintf(server_socket, sizeof(server_socket), "/tmp/ashlar-%d.sock",
		 (int)getpid());
	remove_socket_at_end();
}

/* Forks; the child's descriptor `to` is the write end of the pipe returned. */
static int spawn(struct server *s, const char *const *options, int to)
{
	const char *argv[ARGUMENTS_MAX + 1] = { server_program };
	pid_t parent = getpid();
	int ends[2];
	size_t i;

	for (i = 0; options[i]; i++) {
		assert_true(i + 1 < ARGUMENTS_MAX);
		argv[i + 1] = options[i];
	}
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid) {
		/* It ends with the test, whatever happens to that. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
		dup2(ends[1], to);
		execv(server_program, (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

void server_start(struct server *s, const char *const *options)
{
	int out = spawn(s, options, STDOUT_FILENO);
	struct pollfd p = { .fd = out, .events = POLLIN };
	char line[256] = "";
	ssize_t n;

	assert_int_equal(poll(&p, 1, 30000), 1);
	n = read(out, line, sizeof(line) - 1);
	close(out);
	assert_true(n > 0);
	assert_non_null(strstr(line, "listening at"));
}

void server_start_fake(struct server *s)
{
	const char *const options[] = { "--socket", server_socket, "--model",
					server_model, NULL };

	server_start(s, options);
}

int server_wait(struct server *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	return status;
}

void server_stop(struct server *s)
{
	int status;

	kill(s->pid, SIGTERM);
	status = server_wait(s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(access(server_socket, F_OK), -1);
}

int server_output(const char *const *options, char *text, size_t bytes)
{
	struct server s;
	int err = spawn(&s, options, STDERR_FILENO);
	size_t used = 0;
	ssize_t n;
	int status;

	while (used + 1 < bytes &&
	       (n = read(err, text + used, bytes - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(err);
	status = server_wait(&s);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

unsigned int server_fds(const struct server *s)
{
	unsigned int count = 0;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)s->pid);
	d = opendir(path);
	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

unsigned int server_maps(const struct server *s)
{
	unsigned int count = 0;
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)s->pid);
	f = fopen(line, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		count += strstr(line, "memfd:guest") != NULL;
	fclose(f);
	return count;
}

uint64_t server_cpu_ns(const struct server *s)
{
	unsigned long user, system;
	char line[512];
	const char *at;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/stat", (int)s->pid);
	f = fopen(line, "r");
	assert_non_null(f);
	at = fgets(line, sizeof(line), f);
	fclose(f);
	assert_non_null(at);
	at = strrchr(line, ')');
	assert_non_null(at);
	assert_int_equal(sscanf(at,
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
				"%*u %lu %lu",
				&user, &system),
			 2);
	return (user + system) *
	       (1000000000ull / (unsigned long)sysconf(_SC_CLK_TCK));
}
