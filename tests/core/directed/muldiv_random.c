// SPDX-License-Identifier: MIT
// M against shifts and additions, on random operands of all lengths.
#include <stdint.h>

static uint32_t s = 0x1234567;

static uint32_t rnd(void)
{
	s ^= s << 13;
	s ^= s >> 17;
	s ^= s << 5;
	uint32_t v = s >> (s & 31);
	return s & 0x80 ? -v : v;
}

static uint64_t mul(uint32_t a, uint32_t b)
{
	uint64_t r = 0, x = a;

	for (; b; b >>= 1, x <<= 1)
		if (b & 1)
			r += x;
	return r;
}

static uint32_t divide(uint32_t a, uint32_t b, uint32_t *rem)
{
	uint64_t r = 0;
	uint32_t q = 0;

	for (int i = 31; i >= 0; i--) {
		r = r << 1 | (a >> i & 1);
		q <<= 1;
		if (r >= b) {
			r -= b;
			q |= 1;
		}
	}
	*rem = (uint32_t)r;
	return q;
}

#define OP(name)                                     \
	static uint32_t name(uint32_t a, uint32_t b) \
	{                                            \
		uint32_t r;                          \
		__asm__ volatile(#name " %0, %1, %2" \
				 : "=r"(r)           \
				 : "r"(a), "r"(b));  \
		return r;                            \
	}
OP(mulh)
OP(mulhu)
OP(mulhsu)
OP(div)
OP(divu)
OP(rem)
OP(remu)

int main(void)
{
	for (int i = 0; i < 300; i++) {
		uint32_t a = rnd(), b = rnd(), q, r;
		uint64_t p = mul(a, b);
		uint32_t hi = (uint32_t)(p >> 32),
			 sa = (int32_t)a < 0 ? ~0u : 0,
			 sb = (int32_t)b < 0 ? ~0u : 0;

		if (a * b != (uint32_t)p || mulhu(a, b) != hi)
			return 1;
		if (mulhsu(a, b) != hi - (sa & b))
			return 2;
		if (mulh(a, b) != hi - (sa & b) - (sb & a))
			return 3;
		q = divide(a, b, &r);
		if (divu(a, b) != (b ? q : ~0u) || remu(a, b) != (b ? r : a))
			return 4;
		if (!b)
			continue;
		q = divide(sa ? -a : a, sb ? -b : b, &r);
		if (div(a, b) != ((sa ^ sb) ? -q : q))
			return 5;
		if (rem(a, b) != (sa ? -r : r))
			return 6;
	}
	return 0;
}
