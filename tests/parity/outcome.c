// SPDX-License-Identifier: MIT
/* Where a case's outcome is kept, and the processes that make it. */
#include "parity.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(2);
}

struct outcome *outcome_new(uint64_t mem_bytes)
{
	struct outcome *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (o == MAP_FAILED)
		die("parity: mmap");
	o->memory_fd = memfd_create("board", MFD_CLOEXEC);
	if (o->memory_fd < 0 || ftruncate(o->memory_fd, (off_t)mem_bytes))
		die("parity: board memory");
	return o;
}

void outcome_delete(struct outcome *o)
{
	close(o->memory_fd);
	munmap(o, sizeof(*o));
}

static pid_t begin(const struct model *m, const struct kase *k,
		   struct outcome *o, unsigned int seconds)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child < 0)
		die("parity: fork");
	if (child)
		return child;
	alarm(seconds);
	run_case(m, k, o);
	o->finished = true;
	_exit(0);
}

static void end(pid_t child, struct outcome *o)
{
	struct event *e;
	int status;

	while (waitpid(child, &status, 0) < 0)
		;
	if (o->finished)
		return;
	if (o->events == EVENTS_MAX)
		o->events--;
	e = &o->event[o->events];
	e->step = o->events ? e[-1].step : 0;
	o->events++;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(e->text, sizeof(e->text), "died: too slow");
	else if (WIFSIGNALED(status))
		snprintf(e->text, sizeof(e->text), "died: signal %d",
			 WTERMSIG(status));
	else
		snprintf(e->text, sizeof(e->text), "died: exit status %d",
			 WEXITSTATUS(status));
}

void run_both(const struct model *a, const struct model *b,
	      const struct kase *k, struct outcome *oa, struct outcome *ob,
	      unsigned int seconds)
{
	pid_t child = begin(a, k, oa, seconds);
	pid_t other = begin(b, k, ob, seconds);

	end(child, oa);
	end(other, ob);
}
