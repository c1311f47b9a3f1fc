// SPDX-License-Identifier: MIT
/* The server as a program: start, clients that come and go, time, end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "counted.h"
#include "fake_model.h"
#include "run_server.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void refused(const char *const *options, int status, const char *text)
{
	char said[4096];

	assert_int_equal(server_output(options, said, sizeof(said)), status);
	if (!strstr(said, text))
		fail_msg("\"%s\" does not contain \"%s\"", said, text);
}

static void explains_bad_options(void **state)
{
	char path[121];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	setenv("ASHLAR_DATA_DIR", "/nowhere", 1);
	refused((const char *[]){ NULL }, 2, "--socket is missing");
	refused((const char *[]){ "--socket", server_socket, "extra", NULL }, 2,
		"extra");
	refused((const char *[]){ "--nonsense", NULL }, 2, "usage:");
	refused((const char *[]){ "--socket", server_socket, "--model", "fast",
				  NULL },
		1, "/nowhere/ashlar-model-fast-sim.so");
	refused((const char *[]){ "--socket", server_socket, "--board", "huge",
				  NULL },
		1, "no rtl model of board huge");
	refused((const char *[]){ "--socket", server_socket, "--model",
				  "/etc/passwd", NULL },
		1, "cannot load the model");
	refused((const char *[]){ "--socket", server_socket, "--model",
				  server_model, "--board", "tiny", NULL },
		1, "is board fake, not tiny");
	refused((const char *[]){ "--socket", path, "--model", server_model,
				  NULL },
		1, "120 bytes; 1 to 107");
	refused((const char *[]){ "--socket", "/nowhere/s", "--model",
				  server_model, NULL },
		1, "cannot make socket /nowhere/s");
	unsetenv("ASHLAR_DATA_DIR");
}

static void replaces_only_dead_sockets(void **state)
{
	const char *const options[] = { "--socket", server_socket, "--model",
					server_model, NULL };
	struct server s;
	struct client c;
	struct stat st;
	int fd;

	(void)state;
	/* Somebody listens there. */
	server_start_fake(&s);
	refused(options, 1, "another server listens");
	/* It was not disturbed. */
	client_open(&c, server_socket);
	refused(options, 1, "another server listens");
	enable(&c);
	assert_int_equal(read32(&c, FAKE_ID), FAKE_ID_VALUE);
	/* Killed; the file stays, and is replaced. */
	kill(s.pid, SIGKILL);
	assert_true(WIFSIGNALED(server_wait(&s)));
	client_close(&c);
	assert_int_equal(stat(server_socket, &st), 0);
	server_start_fake(&s);
	client_open(&c, server_socket);
	client_close(&c);
	server_stop(&s);
	/* What is no socket is left alone. */
	fd = open(server_socket, O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	refused(options, 1, "is not a socket");
	assert_int_equal(unlink(server_socket), 0);
}

static void ends_by_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	const uint32_t half[2] = { 0 };
	struct server s;
	struct client c;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		/* With a client in the middle of a message, board busy. */
		server_start_fake(&s);
		client_open(&c, server_socket);
		enable(&c);
		write32(&c, FAKE_BUSY, UINT32_MAX);
		assert_true(client_send_raw(&c, half, sizeof(half), NULL, 0));
		kill(s.pid, signals[i]);
		assert_int_equal(server_wait(&s), 0);
		assert_int_equal(access(server_socket, F_OK), -1);
		assert_int_equal(client_receive(&c), CLIENT_CLOSED);
		client_close(&c);
	}
}

/* Wait until the server waits for its client. */
static void server_waits(const struct server *s)
{
	char path[60], text[400] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)s->pid);
	do {
		FILE *f = fopen(path, "r");

		assert_non_null(f);
		assert_non_null(fgets(text, sizeof(text), f));
		fclose(f);
	} while (strncmp(strrchr(text, ')'), ") S", 3));
}

/* What it has not done is refused, and no error of the connection. */
static void ends_with_requests_unread(void **state)
{
	enum { REQUESTS = 20 };
	struct payload p = { .bytes = 0 };
	struct server s;
	struct client c;
	int fd, status;

	(void)state;
	server_start_fake(&s);
	client_open(&c, server_socket);
	enable(&c);
	put64(&p, 0);
	put32(&p, 0);
	put32(&p, 4);
	fd = new_memory(4096);
	/* Both are there when it goes on: signal and requests. */
	server_waits(&s);
	kill(s.pid, SIGSTOP);
	assert_int_equal(waitpid(s.pid, &status, WUNTRACED), s.pid);
	kill(s.pid, SIGTERM);
	for (int i = 0; i < REQUESTS; i++)
		assert_true(client_send(&c, REGION_READ,
					(uint32_t)(16 + p.bytes), 0, p.data,
					p.bytes, &fd, i % 2));
	close(fd);
	kill(s.pid, SIGCONT);
	assert_int_equal(server_wait(&s), 0);
	for (int i = 0; i < REQUESTS; i++) {
		assert_int_equal(client_receive(&c), 0);
		assert_int_equal(c.reply_command, REGION_READ);
		assert_int_equal(c.reply_flags, 0x21);
		assert_int_equal(c.reply_error, ENODEV);
	}
	/* No error, the end. */
	assert_int_equal(recv(c.fd, p.data, sizeof(p.data), 0), 0);
	client_close(&c);
}

/* An application sees the board's end as the end of the connection. */
static void can_be_killed(void **state)
{
	struct server s;
	struct client c;

	(void)state;
	server_start_fake(&s);
	client_open(&c, server_socket);
	kill(s.pid, SIGKILL);
	assert_true(WIFSIGNALED(server_wait(&s)));
	assert_int_equal(client_receive(&c), CLIENT_CLOSED);
	client_close(&c);
	unlink(server_socket);
}

static void serves_once(void **state)
{
	const char *const options[] = { "--socket", server_socket, "--once",
					"--model",  server_model,  NULL };
	struct server s;
	struct client c;

	(void)state;
	server_start(&s, options);
	/* Who only looks whether it is there is no client. */
	assert_int_equal(client_connect(&c, server_socket), 0);
	client_close(&c);
	client_open(&c, server_socket);
	client_close(&c);
	assert_int_equal(server_wait(&s), 0);
	assert_int_equal(access(server_socket, F_OK), -1);
}

static void sends_others_away(void **state)
{
	struct client c, other;
	struct server s;

	(void)state;
	server_start_fake(&s);
	client_open(&c, server_socket);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(client_connect(&other, server_socket), 0);
		assert_int_equal(client_receive(&other), CLIENT_CLOSED);
		client_close(&other);
	}
	enable(&c);
	assert_int_equal(read32(&c, FAKE_ID), FAKE_ID_VALUE);
	client_close(&c);
	server_stop(&s);
}

static void keeps_the_board(void **state)
{
	int memory = new_memory(0x10000), event = new_event();
	unsigned int fds;
	struct server s;
	struct client c;

	(void)state;
	server_start_fake(&s);
	fds = server_fds(&s);
	for (uint32_t i = 0; i < 50; i++) {
		client_open(&c, server_socket);
		enable(&c);
		assert_int_equal(read32(&c, FAKE_SCRATCH), i);
		write32(&c, FAKE_SCRATCH, i + 1);
		/* Nothing of the client before is left. */
		assert_int_equal(map(&c, 0, 0x10000, 3, memory, 0), 0);
		assert_int_equal(set_irqs(&c, 0x24, MSIX, 0, 1, &event, 1), 0);
		assert_int_equal(server_maps(&s), 1);
		assert_int_equal(server_fds(&s), fds + 2);
		client_close(&c);
	}
	/* Work goes on while nobody is there; an interrupt waits. */
	client_open(&c, server_socket);
	assert_int_equal(server_maps(&s), 0);
	assert_int_equal(server_fds(&s), fds + 1);
	write32(&c, FAKE_VECTOR, 3);
	write32(&c, FAKE_BUSY, 1000);
	client_close(&c);
	client_open(&c, server_socket);
	assert_int_equal(read32(&c, FAKE_SCRATCH), 50);
	for (int i = 0; i < 1000 && read32(&c, FAKE_BUSY); i++)
		usleep(1000);
	assert_int_equal(read32(&c, FAKE_BUSY), 0);
	assert_int_equal(set_irqs(&c, 0x24, MSIX, 3, 1, &event, 1), 0);
	assert_true(event_comes(event));
	client_close(&c);
	server_stop(&s);
	close(memory);
	close(event);
}

/* A guest that polls a busy board: soon answered, and time goes on. */
static void polling_sees_progress(void **state)
{
	uint64_t longest = 0, all = 0, begin;
	uint32_t last, now, still = 0;
	struct server s;
	struct client c;

	(void)state;
	server_start_fake(&s);
	client_open(&c, server_socket);
	enable(&c);
	/* As slow as a large board: 100,000 cycles a second. */
	write32(&c, FAKE_CYCLE_NS, 10000);
	write32(&c, FAKE_BUSY, UINT32_MAX);
	last = read32(&c, FAKE_CYCLES);
	for (int i = 0; i < 500; i++) {
		uint64_t took;

		begin = now_ns();
		now = read32(&c, FAKE_CYCLES);
		took = now_ns() - begin;
		all += took;
		longest = took > longest ? took : longest;
		still += now == last;
		last = now;
	}
	/* Each access but the first follows device time. */
	assert_true(still <= 1);
	assert_true(longest < 1000000000);
	/* About a millisecond at most, on a machine with time for us. */
	assert_true(all / 500 < 20000000);
	assert_int_equal(read32(&c, FAKE_OVERLAPS), 0);
	client_close(&c);
	server_stop(&s);
}

/* Time passes while nobody asks, and stops with the work. */
static void runs_alone_and_rests(void **state)
{
	uint64_t cpu;
	uint32_t runs, cycles;
	struct server s;
	struct client c;

	(void)state;
	server_start_fake(&s);
	client_open(&c, server_socket);
	enable(&c);
	write32(&c, FAKE_CYCLE_NS, 1000);
	cycles = read32(&c, FAKE_CYCLES);
	write32(&c, FAKE_BUSY, 50000);
	for (int i = 0; i < 100 && read32(&c, FAKE_BUSY); i++)
		usleep(50000);
	assert_int_equal(read32(&c, FAKE_BUSY), 0);
	assert_true(read32(&c, FAKE_CYCLES) - cycles >= 50000);
	/* Few, long calls of run(): not one a cycle. */
	runs = read32(&c, FAKE_RUNS);
	assert_true(runs < 10000);
	usleep(50000);
	runs = read32(&c, FAKE_RUNS);
	cpu = server_cpu_ns(&s);
	usleep(500000);
	assert_true(server_cpu_ns(&s) - cpu <= 10000000);
	/* The access above may have woken it, and the one here. */
	assert_true(read32(&c, FAKE_RUNS) - runs <= 2);
	client_close(&c);
	server_stop(&s);
}

static void strict_boards_die(void **state)
{
	const char *options[] = { "--socket",	server_socket, "--model",
				  server_model, "--strict",    NULL };
	struct server s;
	struct client c;

	(void)state;
	server_start(&s, options);
	client_open(&c, server_socket);
	enable(&c);
	write32(&c, FAKE_MISUSE, 1);
	assert_int_equal(read32(&c, FAKE_ID), UINT32_MAX);
	write32(&c, FAKE_SCRATCH, 1);
	assert_int_equal(config_read(&c, 0, 2), 0xa51a);
	client_close(&c);
	server_stop(&s);
	/* Others go on. */
	options[4] = NULL;
	server_start(&s, options);
	client_open(&c, server_socket);
	enable(&c);
	for (int i = 0; i < 300; i++)
		write32(&c, FAKE_MISUSE, 1);
	assert_int_equal(read32(&c, FAKE_ID), FAKE_ID_VALUE);
	client_close(&c);
	server_stop(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explains_bad_options),
		cmocka_unit_test(replaces_only_dead_sockets),
		cmocka_unit_test(ends_by_signals),
		cmocka_unit_test(ends_with_requests_unread),
		cmocka_unit_test(can_be_killed),
		cmocka_unit_test(serves_once),
		cmocka_unit_test(sends_others_away),
		cmocka_unit_test(keeps_the_board),
		cmocka_unit_test(polling_sees_progress),
		cmocka_unit_test(runs_alone_and_rests),
		cmocka_unit_test(strict_boards_die),
	};

	server_arguments(argc, argv);
	return RUN_COUNTED(tests);
}
