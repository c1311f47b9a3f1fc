/* SPDX-License-Identifier: MIT */
/* The argument checks of the shipped kernels: what they accept and refuse. */
#include <stdio.h>
#include <string.h>

#include <ashlar/kernels.h>

static unsigned long passed, failed;

static void judge(const char *what, int status, const char *text,
		  const char *sentence)
{
	if (sentence ? status == -1 && strstr(text, sentence) : status == 0) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s: status %d, \"%s\", expected \"%s\"\n", what, status,
	       text, sentence ? sentence : "no error");
}

static const struct ashlar_gemm_args good = {
	.a = 0x1000,
	.b = 0x2000,
	.c = 0x3000,
	.m = 5,
	.n = 6,
	.k = 7,
	.lda = 7,
	.ldb = 6,
	.ldc = 6,
	.type = ASHLAR_BF16,
	.out = ASHLAR_F32,
};

static void gemm(const char *what, const struct ashlar_gemm_args *args,
		 const char *sentence)
{
	char text[200] = "";

	judge(what, ashlar_gemm_check(args, text, sizeof(text)), text,
	      sentence);
	/* Without room for a sentence: the same answer. */
	judge(what, ashlar_gemm_check(args, NULL, 0), sentence, sentence);
}

#define GEMM(member, value, sentence)                      \
	do {                                               \
		struct ashlar_gemm_args bad_ = good;       \
                                                           \
		bad_.member = (value);                     \
		gemm(#member " " #value, &bad_, sentence); \
	} while (0)

static void gemm_checks(void)
{
	struct ashlar_gemm_args args;

	gemm("good", &good, NULL);
	GEMM(m, 0, "gemm: m is 0, allowed 1 .. 2147483647");
	GEMM(n, 0x80000000, "gemm: n is 2147483648");
	GEMM(k, 0, "gemm: k is 0");
	GEMM(lda, 6, "gemm: lda is 6, at least 7");
	GEMM(ldb, 5, "gemm: ldb is 5, at least 6");
	GEMM(ldc, 0, "gemm: ldc is 0, at least 6");
	GEMM(lda, 0x40000000,
	     "gemm: lda is 1073741824, allowed 7 .. 1073741823");
	GEMM(lda, 0x3fffffff, NULL);
	GEMM(type, ASHLAR_F32, "gemm: type is 3");
	GEMM(out, 1, "gemm: out is 1");
	GEMM(out, 7, "gemm: out is 7");
	GEMM(flags, 0x10, "gemm: flags are 0x10");
	GEMM(a, 0, "gemm: a is 0");
	GEMM(c, UINT64_MAX, "gemm: c is 0xffffffffffffffff");
	GEMM(bias, UINT64_MAX - 22, "gemm: bias is 0x");
	GEMM(bias, UINT64_MAX - 23, NULL);
	args = good;
	args.scale = 0x4000;
	gemm("scale", &args, NULL);
	args.flags = ASHLAR_GEMM_SCALE;
	gemm("two scales", &args, "gemm: scale is 0x4000 and flags ask");
	/* Transposed: the stored matrix counts. */
	args = good;
	args.flags = ASHLAR_GEMM_TRANS_A | ASHLAR_GEMM_TRANS_B;
	args.lda = 5;
	args.ldb = 7;
	gemm("transposed", &args, NULL);
	args.lda = 4;
	gemm("transposed", &args, "gemm: lda is 4, at least 5");
}

static void other_checks(void)
{
	struct ashlar_elementwise_args e = { .dst = 1,
					     .a = 1,
					     .count = 5,
					     .in = ASHLAR_I8,
					     .out = ASHLAR_I8,
					     .op = ASHLAR_OP_NONE };
	struct ashlar_copy_args c = {
		.dst = 1, .src = 1, .row_bytes = 1, .rows = 1
	};
	struct ashlar_fill_args f = { .dst = 1, .bytes = 1 };
	char text[200] = "";

	judge("elementwise", ashlar_elementwise_check(&e, text, sizeof(text)),
	      text, NULL);
	e.op = ASHLAR_OP_ADD;
	judge("no b", ashlar_elementwise_check(&e, text, sizeof(text)), text,
	      "elementwise: b is 0");
	e.op = 6;
	judge("op", ashlar_elementwise_check(&e, text, sizeof(text)), text,
	      "elementwise: op is 6, allowed 0 .. 5");
	judge("copy", ashlar_copy_check(&c, text, sizeof(text)), text, NULL);
	c.rows = 0;
	judge("rows", ashlar_copy_check(&c, text, sizeof(text)), text,
	      "copy: rows is 0");
	c.rows = 2;
	c.src_pitch = -(1ll << 41);
	judge("pitch", ashlar_copy_check(&c, text, sizeof(text)), text,
	      "copy: src_pitch is -2199023255552");
	judge("fill", ashlar_fill_check(&f, text, sizeof(text)), text, NULL);
	f.reserved = 1;
	judge("reserved", ashlar_fill_check(&f, text, sizeof(text)), text,
	      "fill: reserved is 1");
}

int main(void)
{
	gemm_checks();
	other_checks();
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
