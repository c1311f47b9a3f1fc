/* SPDX-License-Identifier: MIT */
/*
 * The functions of hw-model/numerics/ash_fn.c, eight lanes at a time and to
 * the same bits. 64-bit integers are held as those of the even and those of
 * the odd lanes. The caller's modes are UNITS_MXCSR: conversions round to
 * nearest even.
 */
#ifndef FAST_VECTOR_FN_AVX2_H
#define FAST_VECTOR_FN_AVX2_H

#include "ash_fn_table.h"
#include "units_avx2.h"

#define FN_LOG2_E 3098164009u /* in 2^-31 */
#define FN_LN_2	  1488522236 /* in 2^-31 */

struct fn_wide {
	__m256i even, odd;
};

UNITS_INLINE __m256i fn_word(uint32_t x)
{
	return _mm256_set1_epi32((int)x);
}

UNITS_INLINE __m256i fn_select(__m256i mask, __m256i yes, __m256i no)
{
	return _mm256_blendv_epi8(no, yes, mask);
}

UNITS_INLINE __m256i fn_fraction(__m256i x)
{
	return _mm256_and_si256(x, fn_word(0x007fffff));
}

UNITS_INLINE __m256i fn_exponent(__m256i x)
{
	return _mm256_and_si256(_mm256_srli_epi32(x, 23), fn_word(255));
}

UNITS_INLINE __m256i fn_sign(__m256i x)
{
	return _mm256_and_si256(x, fn_word(0x80000000));
}

UNITS_INLINE __m256i fn_magnitude(__m256i x)
{
	return _mm256_and_si256(x, fn_word(0x7fffffff));
}

UNITS_INLINE __m256i fn_is_nan(__m256i x)
{
	return _mm256_cmpgt_epi32(fn_magnitude(x), fn_word(0x7f800000));
}

/* Zeros and denormals. */
UNITS_INLINE __m256i fn_is_zero(__m256i x)
{
	return _mm256_cmpgt_epi32(fn_word(0x00800000), fn_magnitude(x));
}

UNITS_INLINE __m256i fn_is_inf(__m256i x)
{
	return _mm256_cmpeq_epi32(fn_magnitude(x), fn_word(0x7f800000));
}

UNITS_INLINE struct fn_wide fn_mul(__m256i x, __m256i y)
{
	return (struct fn_wide){ _mm256_mul_epi32(x, y),
				 _mm256_mul_epi32(_mm256_srli_epi64(x, 32),
						  _mm256_srli_epi64(y, 32)) };
}

/* Bits shift .. shift + 31 of each; shift is less than 32. */
UNITS_INLINE __m256i fn_words(struct fn_wide x, int shift)
{
	return _mm256_blend_epi32(_mm256_srli_epi64(x.even, shift),
				  _mm256_slli_epi64(x.odd, 32 - shift), 0xaa);
}

/* base and the upper bits of u: the segment; 20 bits of u: where in it. */
UNITS_INLINE __m256i fn_interpolate(__m256i base, __m256i u)
{
	const int *table = (const int *)ash_fn_table;
	__m256i segment = _mm256_add_epi32(base, _mm256_srli_epi32(u, 20));
	__m256i index =
		_mm256_add_epi32(segment, _mm256_slli_epi32(segment, 1));
	__m256i at = _mm256_and_si256(u, fn_word(0xfffff));
	__m256i c0 = _mm256_i32gather_epi32(table, index, 4);
	__m256i c1 = _mm256_i32gather_epi32(table + 1, index, 4);
	__m256i c2 = _mm256_i32gather_epi32(table + 2, index, 4);
	__m256i slope = _mm256_add_epi32(c1, fn_words(fn_mul(c2, at), 14));

	return _mm256_add_epi32(c0, fn_words(fn_mul(slope, at), 26));
}

/* y * 2^(exp - 30), y > 0, rounded; flushed below 2^-126. */
UNITS_INLINE __m256i fn_scaled(__m256i sign, __m256i y, __m256i exp)
{
	__m256i f = _mm256_castps_si256(_mm256_cvtepi32_ps(y));
	__m256i e = _mm256_add_epi32(
		_mm256_add_epi32(_mm256_srli_epi32(f, 23), exp), fn_word(-30u));

	f = _mm256_or_si256(fn_fraction(f), _mm256_slli_epi32(e, 23));
	f = _mm256_and_si256(f, _mm256_cmpgt_epi32(e, _mm256_setzero_si256()));
	f = fn_select(_mm256_cmpgt_epi32(e, fn_word(254)), fn_word(0x7f800000),
		      f);
	return _mm256_or_si256(f, sign);
}

/* Those of the doubles, rounded, in the order of their lanes. */
UNITS_INLINE __m256i fn_to_f32(__m256d even, __m256d odd)
{
	__m128 e = _mm256_cvtpd_ps(even), o = _mm256_cvtpd_ps(odd);

	return _mm256_castps_si256(
		_mm256_set_m128(_mm_unpackhi_ps(e, o), _mm_unpacklo_ps(e, o)));
}

UNITS_INLINE __m256i fn_exp(__m256i x)
{
	const __m256i one = _mm256_set1_epi64x(1);
	__m256i e = fn_exponent(x);
	__m256i sig = _mm256_or_si256(fn_fraction(x), fn_word(0x00800000));
	__m256i shift = _mm256_sub_epi32(fn_word(154), e);
	__m256i minus = _mm256_srai_epi32(x, 31);
	__m256i log2_e = fn_word(FN_LOG2_E);
	__m256i n, y, big;
	struct fn_wide t, s;

	/* shifts by what is no count give 0 */
	s.even = _mm256_and_si256(shift, _mm256_set1_epi64x(0xffffffff));
	s.odd = _mm256_srli_epi64(shift, 32);
	t.even = _mm256_mul_epu32(sig, log2_e);
	t.odd = _mm256_mul_epu32(_mm256_srli_epi64(sig, 32), log2_e);
	t.even = _mm256_srlv_epi64(t.even, s.even);
	t.odd = _mm256_srlv_epi64(t.odd, s.odd);
	t.even = _mm256_srli_epi64(_mm256_add_epi64(t.even, one), 1);
	t.odd = _mm256_srli_epi64(_mm256_add_epi64(t.odd, one), 1);
	/* the sign; only bits 0..31 and 26..57 of the result are used */
	s.even = _mm256_shuffle_epi32(minus, 0xa0);
	s.odd = _mm256_shuffle_epi32(minus, 0xf5);
	t.even = _mm256_sub_epi64(_mm256_xor_si256(t.even, s.even), s.even);
	t.odd = _mm256_sub_epi64(_mm256_xor_si256(t.odd, s.odd), s.odd);
	n = fn_words(t, 26);
	y = fn_interpolate(
		fn_word(ASH_FN_EXP),
		_mm256_and_si256(fn_words(t, 0), fn_word(0x3ffffff)));
	y = fn_scaled(_mm256_setzero_si256(), y, n);
	big = _mm256_cmpgt_epi32(e, fn_word(133));
	y = fn_select(big, _mm256_andnot_si256(minus, fn_word(0x7f800000)), y);
	return fn_select(fn_is_nan(x), fn_word(0x7fc00000), y);
}

/* Exact: x has at most 53 significant bits and is less than 2^63. */
UNITS_INLINE __m256d fn_to_double(__m256i x)
{
	/* the upper 48 bits on top of 3 * 2^67, the lower 16 on top of 2^52 */
	__m256i high = _mm256_blend_epi16(_mm256_srai_epi32(x, 16),
					  _mm256_setzero_si256(), 0x33);
	__m256i low = _mm256_blend_epi16(
		x, _mm256_castpd_si256(_mm256_set1_pd(0x1p52)), 0x88);
	__m256d d;

	high = _mm256_add_epi64(high,
				_mm256_castpd_si256(_mm256_set1_pd(0x3p67)));
	d = _mm256_sub_pd(_mm256_castsi256_pd(high),
			  _mm256_set1_pd(0x3p67 + 0x1p52));
	return _mm256_add_pd(d, _mm256_castsi256_pd(low));
}

UNITS_INLINE __m256i fn_log(__m256i x)
{
	const __m256d unit = _mm256_set1_pd(0x1p-53);
	__m256i f = fn_fraction(x);
	__m256i upper = _mm256_srli_epi32(f, 22);
	__m256i is_upper = _mm256_sub_epi32(_mm256_setzero_si256(), upper);
	__m256i d = fn_select(is_upper,
			      _mm256_sub_epi32(f, fn_word(0x00800000)),
			      _mm256_slli_epi32(f, 1));
	__m256i e = _mm256_add_epi32(
		_mm256_sub_epi32(fn_exponent(x), fn_word(127)), upper);
	__m256i g = fn_interpolate(
		fn_word(ASH_FN_LOG),
		_mm256_slli_epi32(_mm256_add_epi32(d, fn_word(0x400000)), 3));
	struct fn_wide s = fn_mul(d, _mm256_srli_epi32(g, 1));
	struct fn_wide ln = fn_mul(e, fn_word(FN_LN_2));
	/* the low 8 bits, unless e is 0 */
	__m256i drop = _mm256_andnot_si256(
		_mm256_cmpeq_epi32(e, _mm256_setzero_si256()), fn_word(255));
	__m256i r;

	s.even = _mm256_andnot_si256(
		_mm256_and_si256(drop, _mm256_set1_epi64x(255)), s.even);
	s.odd = _mm256_andnot_si256(_mm256_srli_epi64(drop, 32), s.odd);
	s.even = _mm256_add_epi64(s.even, _mm256_slli_epi64(ln.even, 22));
	s.odd = _mm256_add_epi64(s.odd, _mm256_slli_epi64(ln.odd, 22));
	r = fn_to_f32(_mm256_mul_pd(fn_to_double(s.even), unit),
		      _mm256_mul_pd(fn_to_double(s.odd), unit));
	r = fn_select(_mm256_srai_epi32(x, 31), fn_word(0x7fc00000), r);
	r = fn_select(fn_is_zero(x), fn_word(0xff800000), r);
	r = fn_select(_mm256_cmpeq_epi32(x, fn_word(0x7f800000)), x, r);
	return fn_select(fn_is_nan(x), fn_word(0x7fc00000), r);
}

UNITS_INLINE __m256i fn_recip(__m256i x)
{
	__m256i sign = fn_sign(x);
	__m256i y = fn_interpolate(fn_word(ASH_FN_RECIP),
				   _mm256_slli_epi32(fn_fraction(x), 4));
	__m256i r = fn_scaled(sign, y,
			      _mm256_sub_epi32(fn_word(127), fn_exponent(x)));

	r = fn_select(fn_is_zero(x), _mm256_or_si256(sign, fn_word(0x7f800000)),
		      r);
	r = fn_select(fn_is_inf(x), sign, r);
	return fn_select(fn_is_nan(x), fn_word(0x7fc00000), r);
}

/* 1 for an odd exponent; *half: (exponent - that) / 2, without the bias. */
UNITS_INLINE __m256i fn_odd(__m256i x, __m256i *half)
{
	__m256i e = _mm256_sub_epi32(fn_exponent(x), fn_word(127));

	*half = _mm256_srai_epi32(e, 1);
	return _mm256_and_si256(e, fn_word(1));
}

UNITS_INLINE __m256i fn_rsqrt(__m256i x)
{
	__m256i half, odd = fn_odd(x, &half);
	__m256i u = _mm256_or_si256(_mm256_slli_epi32(odd, 27),
				    _mm256_slli_epi32(fn_fraction(x), 4));
	__m256i y = fn_interpolate(fn_word(ASH_FN_RSQRT), u);
	__m256i zero = _mm256_setzero_si256();
	__m256i r = fn_scaled(zero, y, _mm256_sub_epi32(zero, half));

	r = fn_select(_mm256_cmpeq_epi32(x, fn_word(0x7f800000)), zero, r);
	r = fn_select(_mm256_srai_epi32(x, 31), fn_word(0x7fc00000), r);
	r = fn_select(fn_is_zero(x),
		      _mm256_or_si256(fn_sign(x), fn_word(0x7f800000)), r);
	return fn_select(fn_is_nan(x), fn_word(0x7fc00000), r);
}

UNITS_INLINE __m256i fn_sqrt(__m256i x)
{
	__m256i half, odd = fn_odd(x, &half);
	__m256i u = _mm256_or_si256(_mm256_slli_epi32(odd, 26),
				    _mm256_slli_epi32(fn_fraction(x), 3));
	__m256i y = fn_interpolate(fn_word(ASH_FN_SQRT), u);
	__m256i r = fn_scaled(_mm256_setzero_si256(), y, half);

	r = fn_select(_mm256_cmpeq_epi32(x, fn_word(0x7f800000)), x, r);
	r = fn_select(_mm256_srai_epi32(x, 31), fn_word(0x7fc00000), r);
	r = fn_select(fn_is_zero(x), fn_sign(x), r);
	return fn_select(fn_is_nan(x), fn_word(0x7fc00000), r);
}

/*
 * An odd function. Where ranges begin and how far a fraction is shifted: for
 * exponents 126 .. 125 + count; [7] is the range below, whose value is h in
 * x * h. What no exponent chooses may be any range.
 */
UNITS_INLINE __m256i fn_odd_function(__m256i x, __m256i base, __m256i shift,
				     int count)
{
	__m256i sign = fn_sign(x), e = fn_exponent(x), f = fn_fraction(x);
	__m256i sig = _mm256_or_si256(f, fn_word(0x00800000));
	__m256i low = _mm256_cmpgt_epi32(fn_word(126), e);
	__m256i k =
		fn_select(low, fn_word(7), _mm256_sub_epi32(e, fn_word(126)));
	__m256i u = fn_select(
		low,
		_mm256_srlv_epi32(_mm256_slli_epi32(sig, 2),
				  _mm256_sub_epi32(fn_word(125), e)),
		_mm256_sllv_epi32(f, _mm256_permutevar8x32_epi32(shift, k)));
	__m256i y = fn_interpolate(_mm256_permutevar8x32_epi32(base, k), u);
	__m256i high = fn_scaled(sign, y, _mm256_setzero_si256());
	__m256i h = _mm256_srli_epi32(y, 2), r;
	const __m256d unit = _mm256_set1_pd(0x1p-28);
	/* both as doubles, in the order of memory: the product is exact */
	__m256d p0 = _mm256_mul_pd(
		_mm256_cvtps_pd(_mm_castsi128_ps(_mm256_castsi256_si128(x))),
		_mm256_cvtepi32_pd(_mm256_castsi256_si128(h)));
	__m256d p1 = _mm256_mul_pd(
		_mm256_cvtps_pd(
			_mm_castsi128_ps(_mm256_extracti128_si256(x, 1))),
		_mm256_cvtepi32_pd(_mm256_extracti128_si256(h, 1)));

	r = _mm256_castps_si256(
		_mm256_set_m128(_mm256_cvtpd_ps(_mm256_mul_pd(p1, unit)),
				_mm256_cvtpd_ps(_mm256_mul_pd(p0, unit))));
	r = fn_select(low, r, high);
	r = fn_select(_mm256_cmpgt_epi32(e, fn_word(125u + (uint32_t)count)),
		      _mm256_or_si256(sign, fn_word(0x3f800000)), r);
	r = fn_select(fn_is_zero(x), sign, r);
	return fn_select(fn_is_nan(x), fn_word(0x7fc00000), r);
}

UNITS_INLINE __m256i fn_tanh(__m256i x)
{
	const __m256i base = _mm256_setr_epi32(
		ASH_FN_TANH_0, ASH_FN_TANH_1, ASH_FN_TANH_2, ASH_FN_TANH_3,
		ASH_FN_TANH_4, ASH_FN_TANH_0, ASH_FN_TANH_0, ASH_FN_TANH_LOW);
	const __m256i shift = _mm256_setr_epi32(3, 4, 4, 3, 2, 0, 0, 0);

	return fn_odd_function(x, base, shift, 5);
}

UNITS_INLINE __m256i fn_erf(__m256i x)
{
	const __m256i base = _mm256_setr_epi32(
		ASH_FN_ERF_0, ASH_FN_ERF_1, ASH_FN_ERF_2, ASH_FN_ERF_0,
		ASH_FN_ERF_0, ASH_FN_ERF_0, ASH_FN_ERF_0, ASH_FN_ERF_LOW);
	const __m256i shift = _mm256_setr_epi32(3, 4, 4, 0, 0, 0, 0, 0);

	return fn_odd_function(x, base, shift, 3);
}

#endif
