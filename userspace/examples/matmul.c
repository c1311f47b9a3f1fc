/* SPDX-License-Identifier: MIT */
/* Multiplies two matrices of int8 on a board: C = A * B, C in int32. */
#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernels.h>

enum { M = 70, N = 50, K = 90 };

static void check(ashlar_result r, const char *what)
{
	if (r != ASHLAR_OK) {
		fprintf(stderr, "%s: %s\n", what, ashlar_result_str(r));
		exit(1);
	}
}

static ashlar_buffer *buffer(ashlar_device *dev, uint64_t bytes)
{
	struct ashlar_buffer_info info = ASHLAR_INIT(ashlar_buffer_info);
	ashlar_buffer *b;

	info.bytes = bytes;
	check(ashlar_buffer_create(dev, &info, &b), "buffer");
	return b;
}

int main(void)
{
	static int8_t a[M][K], b[K][N];
	static int32_t c[M][N];
	struct ashlar_gemm_args args = { .m = M,
					 .n = N,
					 .k = K,
					 .lda = K,
					 .ldb = N,
					 .ldc = N,
					 .type = ASHLAR_I8,
					 .out = ASHLAR_I32 };
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	ashlar_buffer *ba, *bb, *bc;
	ashlar_device *dev;
	ashlar_module *module;
	ashlar_kernel *gemm;
	ashlar_queue *queue;
	ashlar_fence *fence;
	char text[160];
	int i, j, k, wrong = 0;

	for (i = 0; i < M * K; i++)
		a[i / K][i % K] = (int8_t)(i * 37 + 11);
	for (i = 0; i < K * N; i++)
		b[i / N][i % N] = (int8_t)(i * 53 + 5);

	check(ashlar_device_open(NULL, NULL, &dev), "open");
	check(ashlar_kernels_load(dev, &module), "kernels");
	check(ashlar_module_kernel(module, ASHLAR_KERNEL_GEMM, &gemm), "gemm");
	check(ashlar_queue_create(dev, NULL, &queue), "queue");
	ba = buffer(dev, sizeof(a));
	bb = buffer(dev, sizeof(b));
	bc = buffer(dev, sizeof(c));
	check(ashlar_buffer_write(ba, 0, a, sizeof(a)), "write");
	check(ashlar_buffer_write(bb, 0, b, sizeof(b)), "write");

	args.a = ashlar_buffer_addr(ba);
	args.b = ashlar_buffer_addr(bb);
	args.c = ashlar_buffer_addr(bc);
	if (ashlar_gemm_check(&args, text, sizeof(text))) {
		fprintf(stderr, "%s\n", text);
		return 1;
	}
	launch.kernel = gemm;
	launch.args = &args;
	launch.arg_bytes = sizeof(args);
	check(ashlar_launch(queue, &launch, &fence), "launch");
	check(ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER),
	      "gemm");
	check(ashlar_buffer_read(bc, 0, c, sizeof(c)), "read");

	for (i = 0; i < M; i++) {
		for (j = 0; j < N; j++) {
			int32_t sum = 0;

			for (k = 0; k < K; k++)
				sum += a[i][k] * b[k][j];
			wrong += c[i][j] != sum;
		}
	}
	printf("%dx%dx%d: %d of %d elements wrong\n", M, N, K, wrong, M * N);

	ashlar_fence_unref(fence);
	ashlar_buffer_unref(ba);
	ashlar_buffer_unref(bb);
	ashlar_buffer_unref(bc);
	ashlar_queue_unref(queue);
	ashlar_kernel_unref(gemm);
	ashlar_module_unref(module);
	ashlar_device_unref(dev);
	return wrong != 0;
}
