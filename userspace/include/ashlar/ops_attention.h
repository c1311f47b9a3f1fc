/* SPDX-License-Identifier: MIT */
/*
 * Included by ashlar/ops.h: attention, rotary embedding, embedding.
 *
 * Sums below are fp32, rounded to nearest even after each addition, in the
 * order given. N is the number of vector lanes (struct
 * ashlar_device_info.array). u is 2^-24.
 */
#ifndef ASHLAR_OPS_ATTENTION_H
#define ASHLAR_OPS_ATTENTION_H

#include <ashlar/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ashlar_attention_flags {
	/*
	 * Query i sees keys 0 .. i + lk - lq only: the last query sees all of
	 * them. Without it every query sees all keys.
	 */
	ASHLAR_ATTENTION_CAUSAL = 1u << 0,
};
#define ASHLAR_ATTENTION_FLAGS 0x1u

/*
 * attention: o[i] = sum over the keys j that query i sees of p[i][j] * v[j],
 * p[i] = softmax over j of scale * (q[i] . k[j]).
 *
 * Four dimensions each. q and o are [batch, heads, lq, d], k and v [batch,
 * kv_heads, lk, d]. The last dimension is contiguous; the other strides are
 * free (not negative), so that [batch, position, head, d] works without a copy.
 * heads is a multiple of kv_heads: query head h reads key head
 * h / (heads / kv_heads). d is 1 .. 128; lq, lk, batch * heads are 0 .. 2^24.
 * The scores are never in device memory; no workspace.
 *
 * Formats: q, k, v all ASHLAR_BF16 or all ASHLAR_FP16; o any of F32, BF16,
 * FP16. (fp32 operands would be rounded to bf16 by the matrix unit, which is
 * not fp32 accuracy: convert with copy.)
 *
 * lse, optional, is fp32 [batch, heads, lq], the last dimension contiguous:
 * the logarithm of the sum of exp(scale * q . k), which attention_dx needs.
 * A query that sees no key gets o = 0 and lse = -infinity.
 *
 * To the bit, for queries in tiles of N from 0 on and keys in blocks of
 * 8 * N (4 * N if N is 8):
 *	u[j] = -scale * (q . k[j])	d products in order, then one rounding
 *	b = min(b', u[j]...)		over the block; b' of the blocks
 *					before, at first the greatest finite
 *	a = exp(b - b')			not with the first block
 *	p[j] = exp(b - u[j])		fp32
 *	l = l' * a + sum of p[j]	the sum in order of j; two roundings
 *	acc = sum of p[j] * v[j]	p rounded to the format of v; in order of
 *					j, from 0 on
 *	o' = o'' * a + acc		not with the first block: o' = acc
 * and in the end
 *	o = o' * (1 / max(l, 2^-126)), lse = log(l) - b
 * with exp, log and 1/x as the vector unit has them. A tile of queries takes
 * the keys that its last query sees; those that another of its queries does
 * not see have u = +infinity and p = 0 there. So the order does not depend
 * on N but for the blocks. A NaN or infinity in such a key or value may reach
 * queries of the tile that do not see it; else nothing unseen has influence.
 *
 * Error: with s = scale * sum |q * k| at most for a row and e = (d + 4) * u * s,
 * o differs from the exact result by at most
 *	(r + 3 * e + (lk + 40) * u) * max |v|
 * and one rounding to its format, where r is 2^-8 for bf16 and 2^-11 + lk *
 * 2^-24 for fp16; lse by 2 * e + (lk + 40) * u + |lse| * 2 * u.
 *
 * scale must be positive and finite (0: 1 / sqrt(d), rounded to fp32).
 * Aliasing: q, k and v may overlap each other.
 */
struct ashlar_op_attention {
	struct ashlar_op op;
	struct ashlar_tensor q, k, v, o;
	struct ashlar_tensor lse; /* or none */
	float scale;
	uint32_t flags; /* enum ashlar_attention_flags */
};

/*
 * attention_dx: gradients of a loss by q, k and v from its gradient by o.
 *
 * q, k, v, scale, flags: as in attention. o and lse: what it gave; dout, dq:
 * shaped like q; dk, dv: like k. dout has the format of q; o, dq, dk, dv any
 * of F32, BF16, FP16. Strides as in attention. Workspace: 8 bytes for each
 * query of each head, rounded up.
 *
 * To the bit:
 *	delta[i] = -sum of o[i] * dout[i]	see below
 *	p[i][j] = exp(scale * (q[i] . k[j]) - lse[i])	rounded to the format of q
 *	ds[i][j] = (dout[i] . v[j] + delta[i]) * p[i][j]	rounded likewise
 *	dq[i] = scale * sum over j of ds[i][j] * k[j]
 *	dk[j] = scale * sum over heads, i of ds[i][j] * q[i]
 *	dv[j] = sum over heads, i of p[i][j] * dout[i]
 * p of a key that the query does not see is 0. Sums of products are in order;
 * those over j and over i in blocks as above, each from 0 on, added up block after
 * block; for dk and dv all blocks of the first query head of the group,
 * then those of the next. Scale comes last. Blocks begin at 0; a tile of N
 * queries takes only keys that one of them sees, and a tile of N keys only
 * queries from the first on that sees one of them (or the one before, to make
 * it even); what is said above of NaN and infinities in others holds here, too.
 * The sum of delta takes element c with c + N, c + 2 * N ..., then lane i with
 * i + N/2, and so on.
 * Nothing is added by more than one tile: results do not depend on how many
 * there are.
 *
 * dq, dk, dv differ from the exact gradients of the rounded p and ds by no
 * more than those sums; as a whole relative errors of some 2^-8 (fp16: 2^-10)
 * of the greatest terms are to be expected.
 */
struct ashlar_op_attention_dx {
	struct ashlar_op op;
	struct ashlar_tensor q, k, v, o, lse, dout;
	struct ashlar_tensor dq, dk, dv;
	float scale;
	uint32_t flags; /* enum ashlar_attention_flags */
};

enum ashlar_rotary_flags {
	/* Pairs are elements 2i, 2i + 1; else i, i + d/2. */
	ASHLAR_ROTARY_INTERLEAVED = 1u << 0,
	/* Turn the other way: the gradient. */
	ASHLAR_ROTARY_INVERSE = 1u << 1,
};
#define ASHLAR_ROTARY_FLAGS 0x3u

/*
 * rotary: turns pairs (a, b) of x by an angle of their position and number:
 *	y = a * cos - b * sin, b * cos + a * sin	(INVERSE: sin -> -sin)
 *
 * x and y are [batch, heads, l, d], the last dimension contiguous, other
 * strides not negative; d is even, 2 .. 256; formats F32, BF16, FP16 each. cos
 * and sin are F32 [l, d/2], the last dimension contiguous: row i is position
 * i's, so a view of a longer table begins anywhere. l and batch * heads are
 * 0 .. 2^24.
 *
 * Two products and their sum, each rounded, then one rounding to the format
 * of y: an error of at most 3 * u * (|a| + |b|) before that. y may be x.
 */
struct ashlar_op_rotary {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	struct ashlar_tensor cos, sin;
	uint32_t flags; /* enum ashlar_rotary_flags */
	uint32_t reserved; /* zero */
};

/*
 * embedding: y[t] = table[index[t]].
 *
 * index is int32 [tokens], table [rows, d], y [tokens, d]; table and y have one
 * format, any, and contiguous rows; rows and tokens are 0 .. 2^31 - 1, a row
 * has at most 2^30 bytes. An index outside 0 .. rows - 1 gives zeros. Bits are
 * moved, not numbers: a NaN stays what it is.
 */
struct ashlar_op_embedding {
	struct ashlar_op op;
	struct ashlar_tensor index, table, y;
};

enum ashlar_embedding_flags {
	/* Add to what dtable holds; else it starts at 0. */
	ASHLAR_EMBEDDING_ADD = 1u << 0,
};
#define ASHLAR_EMBEDDING_FLAGS 0x1u

/*
 * embedding_dx: dtable[index[t]] += dy[t], t increasing: one fp32 addition for
 * each token, in this order for any number of tiles. Tokens whose index is
 * outside 0 .. rows - 1, or is `padding`, are left out.
 *
 * dy [tokens, d] is F32, BF16 or FP16, dtable [rows, d] F32; rows contiguous,
 * index as in embedding, d is 1 .. 16384.
 */
struct ashlar_op_embedding_dx {
	struct ashlar_op op;
	struct ashlar_tensor index, dy, dtable;
	int64_t padding; /* a row, or -1 */
	uint32_t flags; /* enum ashlar_embedding_flags */
	uint32_t reserved; /* zero */
};

#ifdef __cplusplus
}
#endif

#endif
