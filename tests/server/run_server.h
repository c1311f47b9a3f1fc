/* SPDX-License-Identifier: MIT */
/* Starts and stops servers for tests; their program is given to the test. */
#ifndef RUN_SERVER_H
#define RUN_SERVER_H

#include <stdint.h>
#include <sys/types.h>

extern const char *server_program;
extern const char *server_model; /* shared object */
extern char server_socket[]; /* of this test program */

struct server {
	pid_t pid;
};

/* Takes the program's arguments: SERVER MODEL. */
void server_arguments(int argc, char **argv);

/* With options, NULL at the end; waits until it listens. */
void server_start(struct server *s, const char *const *options);
/* With the model of the arguments. */
void server_start_fake(struct server *s);
/* Ends it by SIGTERM; it must have nothing to complain about. */
void server_stop(struct server *s);
/* Waits for its end; the status as of waitpid(). */
int server_wait(struct server *s);

/* Runs it to its end: exit status, and what it said on stderr. */
int server_output(const char *const *options, char *text, size_t bytes);

unsigned int server_fds(const struct server *s); /* open descriptors */
unsigned int server_maps(const struct server *s); /* mappings of memory */
uint64_t server_cpu_ns(const struct server *s); /* processor time used */

#endif
