// SPDX-License-Identifier: MIT
/*
 * test_device KERNELS.elf [GROUP [COMMAND]]: the library, the firmware and
 * kernels on the device that ASHLAR_DEVICE names, a simulated board or a card.
 * Groups: all (default), what every device does; threads, one test of these;
 * cycles, what a simulated board does besides; reset and gone, what a card does
 * when COMMAND, for the shell, resets it or takes it away under a kernel.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <ashlar/ashlar.h>

#include "counted.h"
#include "device_args.h"

#define N		256
#define assert_ok(call) assert_int_equal((call), ASHLAR_OK)

static const char *kernel_file;
static const char *command;

struct ctx {
	ashlar_device *dev;
	ashlar_queue *q;
	ashlar_module *m;
	ashlar_kernel *sum, *word, *leave, *hang, *illegal, *wild, *refused;
	ashlar_kernel *mark, *peek;
	struct ashlar_device_info info;
};

static ashlar_kernel *kernel(struct ctx *c, const char *name)
{
	ashlar_kernel *k;

	assert_ok(ashlar_module_kernel(c->m, name, &k));
	return k;
}

static void load(struct ctx *c)
{
	static uint8_t elf[1 << 20];
	FILE *f = fopen(kernel_file, "rb");
	size_t bytes;

	assert_non_null(f);
	bytes = fread(elf, 1, sizeof(elf), f);
	fclose(f);
	assert_ok(ashlar_module_load(c->dev, elf, bytes, &c->m));
	c->sum = kernel(c, "sum");
	c->word = kernel(c, "word");
	c->leave = kernel(c, "leave");
	c->hang = kernel(c, "hang");
	c->illegal = kernel(c, "illegal");
	c->wild = kernel(c, "wild");
	c->refused = kernel(c, "refused");
	c->mark = kernel(c, "mark");
	c->peek = kernel(c, "peek");
}

static void open_ctx(struct ctx *c, ashlar_device *share)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	char error[512] = "";

	memset(c, 0, sizeof(*c));
	o.error = error;
	o.error_bytes = sizeof(error);
	o.share = share;
	if (ashlar_device_open(NULL, &o, &c->dev))
		fail_msg("%s", error);
	c->info.size = sizeof(c->info);
	assert_ok(ashlar_device_query(c->dev, &c->info));
	assert_ok(ashlar_queue_create(c->dev, NULL, &c->q));
	load(c);
}

static bool is_card(const struct ctx *c)
{
	return !strncmp(c->info.name, "accel:", 6);
}

static void close_ctx(struct ctx *c)
{
	ashlar_kernel *k[] = { c->sum,	   c->word,    c->leave,
			       c->hang,	   c->illegal, c->wild,
			       c->refused, c->mark,    c->peek };

	for (size_t i = 0; i < sizeof(k) / sizeof(k[0]); i++)
		ashlar_kernel_unref(k[i]);
	ashlar_module_unref(c->m);
	ashlar_queue_unref(c->q);
	ashlar_device_unref(c->dev);
}

static ashlar_buffer *buffer(struct ctx *c, uint64_t bytes, uint32_t flags)
{
	struct ashlar_buffer_info i = ASHLAR_INIT(ashlar_buffer_info);
	ashlar_buffer *b;

	i.bytes = bytes;
	i.flags = flags;
	assert_ok(ashlar_buffer_create(c->dev, &i, &b));
	return b;
}

static ashlar_result launch(ashlar_queue *q, ashlar_kernel *k, const void *args,
			    uint32_t bytes, uint64_t timeout, ashlar_fence **f)
{
	struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);

	i.kernel = k;
	i.args = args;
	i.arg_bytes = bytes;
	i.timeout_cycles = timeout;
	return ashlar_launch(q, &i, f);
}

static ashlar_result finish(ashlar_fence *f)
{
	ashlar_result r =
		ashlar_fence_wait(&f, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER);

	ashlar_fence_unref(f);
	return r;
}

/* a, b, dst with known words; check_sum() compares. */
struct sum {
	ashlar_buffer *a, *b, *dst;
	struct device_sum args;
	uint32_t seed;
};

static void new_sum(struct ctx *c, struct sum *s, uint32_t flags)
{
	s->a = buffer(c, 4 * N, flags & 1);
	s->b = buffer(c, 4 * N, flags >> 1 & 1);
	s->dst = buffer(c, 4 * N, flags >> 2 & 1);
	s->args = (struct device_sum){ ashlar_buffer_addr(s->dst),
				       ashlar_buffer_addr(s->a),
				       ashlar_buffer_addr(s->b), N, 0 };
}

static void set_sum(struct sum *s, uint32_t seed)
{
	uint32_t a[N], b[N];
	static const uint32_t zeros[N];

	s->seed = seed;
	for (uint32_t i = 0; i < N; i++) {
		a[i] = seed + i * 0x01234567;
		b[i] = seed * 77 + i;
	}
	assert_ok(ashlar_buffer_write(s->a, 0, a, sizeof(a)));
	assert_ok(ashlar_buffer_write(s->b, 0, b, sizeof(b)));
	assert_ok(ashlar_buffer_write(s->dst, 0, zeros, sizeof(zeros)));
}

static void check_sum(struct sum *s)
{
	uint32_t d[N];

	assert_ok(ashlar_buffer_read(s->dst, 0, d, sizeof(d)));
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(d[i],
				 s->seed + i * 0x01234567 + s->seed * 77 + i);
}

static void free_sum(struct sum *s)
{
	ashlar_buffer_unref(s->a);
	ashlar_buffer_unref(s->b);
	ashlar_buffer_unref(s->dst);
}

/* --- Tests ---------------------------------------------------------------------- */

static void adds_in_all_memories(void **state)
{
	struct ashlar_fence_info i = ASHLAR_INIT(ashlar_fence_info);
	struct ctx c;
	ashlar_fence *f;
	uint32_t beat;

	(void)state;
	open_ctx(&c, NULL);
	for (uint32_t mix = 0; mix < 8; mix++) {
		struct sum s;

		new_sum(&c, &s, mix);
		set_sum(&s, mix + 1);
		assert_ok(launch(c.q, c.sum, &s.args, sizeof(s.args), 0, &f));
		assert_ok(ashlar_fence_wait(&f, 1, 0, ASHLAR_FOREVER));
		check_sum(&s);
		assert_ok(ashlar_fence_query(f, &i));
		assert_true(i.t_submit < i.t_fetch && i.t_fetch < i.t_start &&
			    i.t_start < i.t_end);
		assert_int_equal(i.tiles, c.info.tiles);
		/* A small array's scratchpad line is narrower than a beat. */
		beat = 4 * c.info.array < 64 ? 4 * c.info.array : 64;
		assert_int_equal(i.load_beats, 2 * 4 * N / beat);
		assert_int_equal(i.store_beats, 4 * N / beat);
		ashlar_fence_unref(f);
		free_sum(&s);
	}
	close_ctx(&c);
}

static void orders_queues_by_fences(void **state)
{
	uint64_t seed = 5;
	struct ctx c;
	ashlar_queue *q;
	ashlar_buffer *b;

	(void)state;
	open_ctx(&c, NULL);
	assert_ok(ashlar_queue_create(c.dev, NULL, &q));
	b = buffer(&c, 64, 0);
	/* A slow write and a quick one to the same word, each way around. */
	for (uint32_t n = 0; n < 10; n++) {
		struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);
		struct device_word w = { ashlar_buffer_addr(b), n,
					 (uint32_t)(rnd(&seed) % 500) };
		ashlar_fence *first, *second;
		uint32_t value;

		i.kernel = c.word;
		i.args = &w;
		i.arg_bytes = sizeof(w);
		i.tiles = 1;
		assert_ok(ashlar_launch(n & 1 ? q : c.q, &i, &first));
		w.value = 1000 + n;
		w.spin = 0;
		i.waits = &first;
		i.wait_count = 1;
		assert_ok(ashlar_launch(n & 1 ? c.q : q, &i, &second));
		assert_ok(finish(second));
		assert_ok(ashlar_buffer_read(b, 0, &value, 4));
		assert_int_equal(value, 1000 + n);
		assert_ok(finish(first));
	}
	ashlar_buffer_unref(b);
	ashlar_queue_unref(q);
	close_ctx(&c);
}

static void fills_the_ring_and_repeats_lists(void **state)
{
	struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);
	struct ashlar_queue_info qi = ASHLAR_INIT(ashlar_queue_info);
	struct device_word w = { 0, 0, 0 };
	struct ctx c;
	ashlar_queue *q;
	ashlar_buffer *b;
	ashlar_cmdlist *list;
	ashlar_fence *f;
	uint32_t words[40];

	(void)state;
	open_ctx(&c, NULL);
	qi.depth = 4;
	qi.priority = ASHLAR_QUEUE_HIGH;
	assert_ok(ashlar_queue_create(c.dev, &qi, &q));
	b = buffer(&c, sizeof(words), ASHLAR_BUFFER_HOST);
	assert_ok(ashlar_cmdlist_create(c.dev, &list));
	i.kernel = c.word;
	i.args = &w;
	i.arg_bytes = sizeof(w);
	for (uint32_t n = 0; n < 40; n++) {
		w.dst = ashlar_buffer_addr(b) + 4 * n;
		w.value = 3 * n;
		assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	}
	assert_ok(ashlar_cmdlist_end(list));
	for (uint32_t round = 0; round < 2; round++) {
		struct ashlar_submit_info s = ASHLAR_INIT(ashlar_submit_info);
		uint32_t value = 4711 + round;
		struct ashlar_patch p = {
			.index = 39, .offset = 8, .bytes = 4, .data = &value
		};

		s.patches = &p;
		s.patch_count = 1;
		assert_ok(ashlar_cmdlist_submit(q, list, &s, &f));
		assert_ok(finish(f));
		assert_ok(ashlar_buffer_read(b, 0, words, sizeof(words)));
		for (uint32_t n = 0; n < 39; n++)
			assert_int_equal(words[n], 3 * n);
		assert_int_equal(words[39], value);
	}
	ashlar_cmdlist_unref(list);
	ashlar_buffer_unref(b);
	ashlar_queue_unref(q);
	close_ctx(&c);
}

static void exits_with_codes(void **state)
{
	struct device_code code = { 1234, 10 };
	struct ashlar_fault fault = ASHLAR_INIT(ashlar_fault);
	struct ctx c;
	ashlar_fence *f;

	(void)state;
	open_ctx(&c, NULL);
	assert_ok(launch(c.q, c.leave, &code, sizeof(code), 0, &f));
	assert_int_equal(ashlar_fence_wait(&f, 1, 0, ASHLAR_FOREVER),
			 ASHLAR_ERROR_EXIT);
	assert_ok(ashlar_fence_fault(f, &fault));
	assert_int_equal(fault.exit_code, 1234);
	ashlar_fence_unref(f);
	code.code = 0;
	assert_ok(launch(c.q, c.leave, &code, sizeof(code), 0, &f));
	assert_ok(finish(f));
	close_ctx(&c);
}

/* What waits for a failed fence fails, and so does all behind it. */
static void a_failed_wait_cancels(void **state)
{
	struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);
	struct device_code bad = { 9, 300 }, good = { 0, 0 };
	struct ctx c;
	ashlar_queue *q;
	ashlar_fence *f[3];
	ashlar_result r;

	(void)state;
	open_ctx(&c, NULL);
	assert_ok(ashlar_queue_create(c.dev, NULL, &q));
	i.kernel = c.leave;
	i.args = &bad;
	i.arg_bytes = sizeof(bad);
	i.tiles = 1;
	assert_ok(ashlar_launch(c.q, &i, &f[0]));
	i.args = &good;
	i.waits = f;
	i.wait_count = 1;
	assert_ok(ashlar_launch(q, &i, &f[1]));
	i.wait_count = 0;
	/* On a card, whose time passes by itself, f[0] may be over by now. */
	r = ashlar_launch(q, &i, &f[2]);
	if (!r)
		r = finish(f[2]);
	else if (r == ASHLAR_ERROR_POISONED && is_card(&c))
		r = ASHLAR_ERROR_CANCELLED;
	assert_int_equal(r, ASHLAR_ERROR_CANCELLED);
	assert_int_equal(finish(f[1]), ASHLAR_ERROR_CANCELLED);
	assert_int_equal(finish(f[0]), ASHLAR_ERROR_EXIT);
	assert_int_equal(ashlar_launch(q, &i, NULL), ASHLAR_ERROR_POISONED);
	/* The queue of the exit itself goes on. */
	assert_ok(launch(c.q, c.leave, &good, sizeof(good), 0, &f[0]));
	assert_ok(finish(f[0]));
	ashlar_queue_unref(q);
	close_ctx(&c);
}

enum way { ILLEGAL, WILD_LOAD, WILD_STORE, REFUSED, HANG, WAYS };

/* Fail in one way; the record is left in *fault. */
static ashlar_result fail_on(struct ctx *c, enum way way, uint32_t spin,
			     struct ashlar_fault *fault)
{
	const struct device_none none = { 0 };
	const struct device_word wild = { 0x7fff1000, 1, spin };
	ashlar_kernel *k[WAYS] = { c->illegal, c->wild, c->word, c->refused,
				   c->hang };
	bool has_address = way == WILD_LOAD || way == WILD_STORE;
	ashlar_result r;
	ashlar_fence *f;

	assert_ok(launch(c->q, k[way],
			 has_address ? (const void *)&wild : &none,
			 has_address ? sizeof(wild) : sizeof(none),
			 way == HANG ? 3000 : 0, &f));
	r = ashlar_fence_wait(&f, 1, 0, ASHLAR_FOREVER);
	*fault = (struct ashlar_fault)ASHLAR_INIT(ashlar_fault);
	assert_ok(ashlar_fence_fault(f, fault));
	ashlar_fence_unref(f);
	return r;
}

static void renew_queue(struct ctx *c)
{
	ashlar_queue_unref(c->q);
	assert_ok(ashlar_queue_create(c->dev, NULL, &c->q));
}

static void names_faults(void **state)
{
	static const struct {
		ashlar_result result;
		const char *kernel, *text;
		uint32_t unit;
		uint64_t address;
	} expect[WAYS] = {
		{ ASHLAR_ERROR_FAULT, "illegal", "illegal instruction",
		  ASHLAR_UNIT_CORE, 0 },
		{ ASHLAR_ERROR_FAULT, "wild", "is not mapped", ASHLAR_UNIT_LOAD,
		  0x7fff1000 },
		{ ASHLAR_ERROR_FAULT, "word", "is not mapped",
		  ASHLAR_UNIT_STORE, 0x7fff1000 },
		{ ASHLAR_ERROR_FAULT, "refused", "refused a parameter",
		  ASHLAR_UNIT_LOAD, 0 },
		{ ASHLAR_ERROR_HUNG, "hang", "within its timeout", 0, 0 },
	};
	struct ashlar_fault fault;
	struct sum s;
	struct ctx c;
	ashlar_fence *f;

	(void)state;
	open_ctx(&c, NULL);
	new_sum(&c, &s, 0);
	for (int way = 0; way < WAYS; way++) {
		assert_int_equal(fail_on(&c, (enum way)way, 0, &fault),
				 expect[way].result);
		assert_string_equal(fault.kernel, expect[way].kernel);
		assert_non_null(strstr(fault.text, expect[way].text));
		assert_true(fault.tile < c.info.tiles);
		assert_true(fault.pc < c.info.local_bytes);
		if (expect[way].result == ASHLAR_ERROR_FAULT) {
			assert_int_equal(fault.unit, expect[way].unit);
			assert_int_equal(fault.address, expect[way].address);
		}
		assert_int_equal(
			launch(c.q, c.sum, &s.args, sizeof(s.args), 0, &f),
			ASHLAR_ERROR_POISONED);
		renew_queue(&c);
		set_sum(&s, (uint32_t)way);
		assert_ok(launch(c.q, c.sum, &s.args, sizeof(s.args), 0, &f));
		assert_ok(finish(f));
		check_sum(&s);
	}
	free_sum(&s);
	close_ctx(&c);
}

/*
 * One address space hangs and faults, in random ways at random times; the
 * other's results stay exact to the bit and its queue never fails.
 */
static void faults_stay_where_they_are(void **state)
{
	int rounds = 200;
	uint64_t seed = 20;
	struct ctx good, bad;
	struct sum s;

	(void)state;
	open_ctx(&good, NULL);
	open_ctx(&bad, good.dev);
	new_sum(&good, &s, 2);
	for (int n = 0; n < rounds; n++) {
		struct ashlar_fault fault;
		ashlar_fence *f;

		set_sum(&s, (uint32_t)rnd(&seed));
		s.args.spin = (uint32_t)(rnd(&seed) % 1000);
		assert_ok(launch(good.q, good.sum, &s.args, sizeof(s.args), 0,
				 &f));
		assert_int_not_equal(
			fail_on(&bad, (enum way)(rnd(&seed) % WAYS),
				(uint32_t)(rnd(&seed) % 1000), &fault),
			ASHLAR_OK);
		assert_ok(finish(f));
		check_sum(&s);
		renew_queue(&bad);
	}
	free_sum(&s);
	close_ctx(&bad);
	close_ctx(&good);
}

/* What one address space leaves in a tile the other must not find. */
static void tiles_are_scrubbed(void **state)
{
	const struct device_none none = { 0 };
	struct device_word w = { 0 };
	struct ctx a, b;
	ashlar_buffer *out;
	ashlar_fence *f;
	uint32_t words[1024];

	(void)state;
	open_ctx(&a, NULL);
	open_ctx(&b, a.dev);
	out = buffer(&b, sizeof(words), 0);
	w.dst = ashlar_buffer_addr(out);
	for (int n = 0; n < 4; n++) {
		memset(words, 0xff, sizeof(words));
		assert_ok(ashlar_buffer_write(out, 0, words, sizeof(words)));
		assert_ok(launch(a.q, a.mark, &none, sizeof(none), 0, &f));
		assert_ok(finish(f));
		assert_ok(launch(b.q, b.peek, &w, sizeof(w), 0, &f));
		assert_ok(finish(f));
		assert_ok(ashlar_buffer_read(out, 0, words, sizeof(words)));
		for (int i = 0; i < 1024; i++)
			assert_int_equal(words[i], 0);
	}
	ashlar_buffer_unref(out);
	close_ctx(&b);
	close_ctx(&a);
}

/* Unmapped memory is gone for kernels, and reused memory is the new owner's. */
static void reuses_memory_safely(void **state)
{
	uint64_t seed = 6;
	struct ctx a, b;

	(void)state;
	open_ctx(&a, NULL);
	open_ctx(&b, a.dev);
	for (uint32_t n = 0; n < 60; n++) {
		struct ctx *c = rnd(&seed) & 1 ? &a : &b;
		uint64_t bytes = 4096 + rnd(&seed) % (2u << 20);
		uint64_t at = rnd(&seed) % (bytes - 4) & ~3ull;
		ashlar_buffer *x = buffer(c, bytes, rnd(&seed) % 4 == 0);
		struct device_word w = { ashlar_buffer_addr(x) + at, n, 0 };
		ashlar_fence *f;
		uint32_t value;

		assert_ok(launch(c->q, c->word, &w, sizeof(w), 0, &f));
		assert_ok(finish(f));
		assert_ok(ashlar_buffer_read(x, at, &value, 4));
		assert_int_equal(value, n);
		ashlar_buffer_unref(x);
	}
	close_ctx(&b);
	close_ctx(&a);
}

/* A card's fences and host buffers have descriptors, a simulated board's none. */
static void gives_descriptors_or_says_no(void **state)
{
	struct device_code code = { 0, 2000 };
	struct pollfd p = { .events = POLLIN };
	ashlar_result expected;
	ashlar_buffer *host;
	struct ctx c;
	ashlar_fence *f;
	int fd = 0;

	(void)state;
	open_ctx(&c, NULL);
	expected = is_card(&c) ? ASHLAR_OK : ASHLAR_ERROR_UNSUPPORTED;
	host = buffer(&c, 10000, ASHLAR_BUFFER_HOST);
	assert_int_equal(ashlar_buffer_export(host, &fd), expected);
	if (expected) {
		assert_int_equal(fd, -1);
	} else {
		assert_int_equal(lseek(fd, 0, SEEK_END), 12288);
		close(fd);
	}
	assert_ok(launch(c.q, c.leave, &code, sizeof(code), 0, &f));
	assert_int_equal(ashlar_fence_export(f, &p.fd), expected);
	if (!expected)
		assert_int_equal(poll(&p, 1, -1), 1);
	assert_ok(ashlar_fence_wait(&f, 1, 0, ASHLAR_FOREVER));
	if (!expected)
		close(p.fd);
	/* Of one that is done, too. */
	assert_int_equal(ashlar_fence_export(f, &p.fd), expected);
	if (!expected) {
		assert_int_equal(poll(&p, 1, 0), 1);
		close(p.fd);
	}
	ashlar_fence_unref(f);
	ashlar_buffer_unref(host);
	close_ctx(&c);
}

/* --- Threads --------------------------------------------------------------------- */

static atomic_int wrong;

#define EXPECT(condition)                                                  \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			atomic_fetch_add(&wrong, 1);                       \
		}                                                          \
	} while (0)

struct worker {
	struct ctx *c;
	ashlar_queue *q;
	uint64_t dst;
	ashlar_buffer *b;
	uint32_t id;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (uint32_t n = 0; n < 12; n++) {
		struct device_word word = { w->dst, w->id << 16 | n, 20 * n };
		ashlar_fence *f = NULL;
		uint32_t value = 0;

		EXPECT(launch(w->q, w->c->word, &word, sizeof(word), 0, &f) ==
		       ASHLAR_OK);
		EXPECT(finish(f) == ASHLAR_OK);
		EXPECT(ashlar_buffer_read(w->b, 0, &value, 4) == ASHLAR_OK);
		EXPECT(value == word.value);
	}
	return NULL;
}

static void threads_share_a_board(void **state)
{
	struct worker w[3];
	pthread_t t[3];
	struct ctx c, other;

	(void)state;
	open_ctx(&c, NULL);
	open_ctx(&other, c.dev);
	for (uint32_t i = 0; i < 3; i++) {
		struct ctx *own = i == 2 ? &other : &c;

		w[i].c = own;
		w[i].id = i + 1;
		w[i].b = buffer(own, 64, i == 1);
		w[i].dst = ashlar_buffer_addr(w[i].b);
		assert_ok(ashlar_queue_create(own->dev, NULL, &w[i].q));
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		ashlar_buffer_unref(w[i].b);
		ashlar_queue_unref(w[i].q);
	}
	assert_int_equal(atomic_load(&wrong), 0);
	close_ctx(&other);
	close_ctx(&c);
}

/* --- A card in trouble -------------------------------------------------------------- */

/* The command, while a kernel hangs and another waits; results of both. */
static void upset(struct ctx *c, ashlar_result *hung, ashlar_result *behind)
{
	const struct device_none none = { 0 };
	struct device_code code = { 0, 0 };
	ashlar_fence *f[2];

	assert_ok(
		launch(c->q, c->hang, &none, sizeof(none), 1ull << 40, &f[0]));
	assert_ok(launch(c->q, c->leave, &code, sizeof(code), 0, &f[1]));
	assert_int_equal(ashlar_fence_wait(f, 2, ASHLAR_WAIT_ANY, 200000000),
			 ASHLAR_ERROR_TIMEOUT);
	assert_int_equal(system(command), 0);
	*hung = finish(f[0]);
	*behind = finish(f[1]);
}

static void a_reset_cancels(void **state)
{
	ashlar_result hung, behind;
	struct sum s;
	struct ctx c;
	ashlar_fence *f;

	(void)state;
	open_ctx(&c, NULL);
	new_sum(&c, &s, 0);
	for (uint32_t n = 0; n < 3; n++) {
		upset(&c, &hung, &behind);
		assert_int_equal(hung, ASHLAR_ERROR_CANCELLED);
		assert_int_equal(behind, ASHLAR_ERROR_CANCELLED);
		assert_int_equal(
			launch(c.q, c.sum, &s.args, sizeof(s.args), 0, &f),
			ASHLAR_ERROR_POISONED);
		/* Memory and kernels are as they were. */
		renew_queue(&c);
		set_sum(&s, n);
		assert_ok(launch(c.q, c.sum, &s.args, sizeof(s.args), 0, &f));
		assert_ok(finish(f));
		check_sum(&s);
	}
	free_sum(&s);
	close_ctx(&c);
}

static void a_card_that_goes_is_lost(void **state)
{
	struct ashlar_device_perf p = ASHLAR_INIT(ashlar_device_perf);
	ashlar_result hung, behind;
	ashlar_queue *q;
	struct ctx c;

	(void)state;
	open_ctx(&c, NULL);
	upset(&c, &hung, &behind);
	assert_int_equal(hung, ASHLAR_ERROR_LOST);
	assert_int_equal(behind, ASHLAR_ERROR_LOST);
	assert_int_equal(ashlar_queue_create(c.dev, NULL, &q),
			 ASHLAR_ERROR_LOST);
	assert_int_equal(ashlar_device_perf(c.dev, &p), ASHLAR_ERROR_LOST);
	close_ctx(&c);
}

/* --- Determinism ------------------------------------------------------------------ */

static uint64_t program(uint32_t *hash)
{
	struct ashlar_device_perf p = ASHLAR_INIT(ashlar_device_perf);
	struct ashlar_fault fault;
	struct sum s;
	struct ctx c;
	ashlar_fence *f;
	uint32_t d[N];

	open_ctx(&c, NULL);
	new_sum(&c, &s, 4);
	set_sum(&s, 9);
	fail_on(&c, HANG, 0, &fault);
	renew_queue(&c);
	assert_ok(launch(c.q, c.sum, &s.args, sizeof(s.args), 0, &f));
	assert_ok(finish(f));
	assert_ok(ashlar_buffer_read(s.dst, 0, d, sizeof(d)));
	*hash = fault.pc;
	for (int i = 0; i < N; i++)
		*hash = *hash * 31 + d[i];
	free_sum(&s);
	assert_ok(ashlar_device_perf(c.dev, &p));
	close_ctx(&c);
	return p.cycles;
}

static void repeats_to_the_cycle(void **state)
{
	uint32_t first_hash, hash;
	uint64_t first = program(&first_hash);

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(program(&hash), first);
		assert_int_equal(hash, first_hash);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(adds_in_all_memories),
		cmocka_unit_test(orders_queues_by_fences),
		cmocka_unit_test(fills_the_ring_and_repeats_lists),
		cmocka_unit_test(exits_with_codes),
		cmocka_unit_test(a_failed_wait_cancels),
		cmocka_unit_test(names_faults),
		cmocka_unit_test(faults_stay_where_they_are),
		cmocka_unit_test(tiles_are_scrubbed),
		cmocka_unit_test(reuses_memory_safely),
		cmocka_unit_test(gives_descriptors_or_says_no),
		cmocka_unit_test(threads_share_a_board),
	};
	const struct CMUnitTest threads[] = {
		cmocka_unit_test(threads_share_a_board),
	};
	const struct CMUnitTest cycles[] = {
		cmocka_unit_test(repeats_to_the_cycle),
	};
	const struct CMUnitTest reset[] = {
		cmocka_unit_test(a_reset_cancels),
	};
	const struct CMUnitTest gone[] = {
		cmocka_unit_test(a_card_that_goes_is_lost),
	};
	const char *group = argc > 2 ? argv[2] : "all";

	command = argc > 3 ? argv[3] : NULL;
	kernel_file = argc > 1 ? argv[1] : NULL;
	if (kernel_file && !strcmp(group, "all"))
		return RUN_COUNTED(all);
	if (kernel_file && !strcmp(group, "threads"))
		return RUN_COUNTED(threads);
	if (kernel_file && !strcmp(group, "cycles"))
		return RUN_COUNTED(cycles);
	if (command && !strcmp(group, "reset"))
		return RUN_COUNTED(reset);
	if (command && !strcmp(group, "gone"))
		return RUN_COUNTED(gone);
	fprintf(stderr,
		"usage: ASHLAR_DEVICE=NAME test_device KERNELS.elf [all|threads|cycles|reset COMMAND|gone COMMAND]\n");
	return 2;
}
