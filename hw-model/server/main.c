// SPDX-License-Identifier: MIT
/* ashlar-board: a board model as a PCI Express function for QEMU. */
#include "request.h"
#include "socket.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct arguments {
	const char *socket;
	struct board_options board;
	bool once;
};

static const char usage[] =
	"usage: ashlar-board --socket PATH [options]\n"
	"\n"
	"Serves a model of the board to QEMU 10.1 or later over vfio-user.\n"
	"\n"
	"  --socket PATH   UNIX socket to listen at\n"
	"  --board NAME    board: sim (default), tiny\n"
	"  --model MODEL   rtl (default), fast, or a model's shared object\n"
	"  --strict        a misuse of the board by its driver ends it: all ones\n"
	"                  from then on\n"
	"  --record FILE   log all that crosses the board's border, for\n"
	"                  ashlar-replay\n"
	"  --once          exit when the first client has gone\n"
	"  --help          print this\n"
	"\n"
	"Models are looked for in ASHLAR_DATA_DIR, else in share/ashlar beside\n"
	"the program's folder, else where they were installed.\n"
	"\n"
	"QEMU needs memory that can be shared:\n"
	"  -object memory-backend-memfd,id=ram,size=1G,share=on\n"
	"  -machine q35,memory-backend=ram\n"
	"  -device '{\"driver\":\"vfio-user-pci\",\"socket\":"
	"{\"type\":\"unix\",\"path\":\"PATH\"}}'\n";

/* Returns -1 to go on, or the exit status. */
static int parse(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "board", required_argument, NULL, 'b' },
		{ "model", required_argument, NULL, 'm' },
		{ "strict", no_argument, NULL, 'S' },
		{ "record", required_argument, NULL, 'r' },
		{ "once", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*a = (struct arguments){ .board.model = "rtl" };
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			a->socket = optarg;
			break;
		case 'b':
			a->board.board = optarg;
			break;
		case 'm':
			a->board.model = optarg;
			break;
		case 'S':
			a->board.strict = true;
			break;
		case 'r':
			a->board.record = optarg;
			break;
		case 'o':
			a->once = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ashlar-board: unexpected argument %s\n\n%s",
			argv[optind], usage);
		return 2;
	}
	if (!a->socket) {
		fprintf(stderr, "ashlar-board: --socket is missing\n\n%s",
			usage);
		return 2;
	}
	return -1;
}

/* The end by a signal, as something that poll() sees. Before any thread. */
static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Not every eventfd that a client gives is one. */
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Clients one after the other. Returns the exit status. */
static int serve_all(struct board *b, const struct listener *l, int stop,
		     bool once)
{
	struct pollfd p[] = { { .fd = l->fd, .events = POLLIN },
			      { .fd = stop, .events = POLLIN } };

	for (;;) {
		struct wire w = { .listener = l->fd, .stop = stop };
		enum wire_end end;
		bool spoke;

		if (poll(p, 2, -1) < 0 && errno != EINTR) {
			perror("ashlar-board: poll");
			return 1;
		}
		if (p[1].revents)
			return 0;
		w.client = accept4(l->fd, NULL, NULL,
				   SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (w.client < 0) {
			if (errno == EAGAIN || errno == EINTR ||
			    errno == ECONNABORTED)
				continue;
			perror("ashlar-board: accept");
			return 1;
		}
		end = serve(b, &w, &spoke);
		wire_close(&w);
		if (end == WIRE_BAD)
			fprintf(stderr,
				"ashlar-board: a client does not speak vfio-user; connection closed\n");
		if (end == WIRE_STOP || (once && spoke))
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct arguments a;
	struct listener listener;
	struct board board;
	char error[512] = "";
	int stop, status;

	status = parse(&a, argc, argv);
	if (status >= 0)
		return status;
	stop = stop_signals();
	if (stop < 0) {
		perror("ashlar-board: signalfd");
		return 1;
	}
	if (board_open(&board, &a.board, error, sizeof(error))) {
		fprintf(stderr, "ashlar-board: %s\n", error);
		return 1;
	}
	if (listener_open(&listener, a.socket, error, sizeof(error))) {
		fprintf(stderr, "ashlar-board: %s\n", error);
		board_close(&board);
		return 1;
	}
	printf("ashlar-board: board %s, model %s, listening at %s\n",
	       board.info.board, board.ops->name, a.socket);
	fflush(stdout);
	status = serve_all(&board, &listener, stop, a.once);
	listener_close(&listener);
	board_close(&board);
	close(stop);
	return status;
}
