// SPDX-License-Identifier: MIT
#include "topology.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLOB_ALIGN 8 /* libfdt reads header and reservations in place */
#define BLOB_MAX   (1u << 20)
#define DEPTH_MAX  16

struct parser {
	const void *blob;
	char *error;
	size_t error_bytes;
};

struct rule {
	const char *node;
	const char *property;
	bool power_of_two;
	uint32_t low, high;
	size_t member; /* in struct topology */
};

#define MEMBER(name) offsetof(struct topology, name)

static const struct rule rules[] = {
	{ "/", "ashlar,clock-khz", false, 1, 10000000, MEMBER(clock_khz) },
	{ "/tiles", "ashlar,count", false, 1, 64, MEMBER(tiles) },
	{ "/tiles", "ashlar,array", true, 4, 256, MEMBER(array) },
	{ "/tiles", "ashlar,accumulators", false, 1, 16, MEMBER(accs) },
	{ "/tiles", "ashlar,local-bytes", true, 8192, 65536,
	  MEMBER(lmem_bytes) },
	{ "/tiles", "ashlar,scratchpad-bytes", true, 1024, 1u << 20,
	  MEMBER(spad_bytes) },
	{ "/tiles", "ashlar,scratchpad-banks", true, 1, 64,
	  MEMBER(spad_banks) },
};

static int bad(struct parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int bad(struct parser *p, const char *fmt, ...)
{
	int n = snprintf(p->error, p->error_bytes, "device tree blob: ");
	va_list ap;

	if (n >= 0 && (size_t)n < p->error_bytes) {
		va_start(ap, fmt);
		vsnprintf(p->error + n, p->error_bytes - (size_t)n, fmt, ap);
		va_end(ap);
	}
	return -1;
}

/* All that libfdt takes for granted, before it sees the blob. */
static int check_frame(struct parser *p, size_t bytes)
{
	int err;

	if ((uintptr_t)p->blob % BLOB_ALIGN)
		return bad(p, "its address is not a multiple of %d",
			   BLOB_ALIGN);
	if (bytes < sizeof(struct fdt_header) || bytes > BLOB_MAX)
		return bad(p, "%zu bytes are not %zu to %u", bytes,
			   sizeof(struct fdt_header), BLOB_MAX);
	if (fdt_magic(p->blob) != FDT_MAGIC)
		return bad(p, "magic is 0x%08x, not 0x%08x", fdt_magic(p->blob),
			   FDT_MAGIC);
	if (fdt_totalsize(p->blob) != bytes)
		return bad(p, "it says it has %u bytes, but there are %zu",
			   fdt_totalsize(p->blob), bytes);
	if (fdt_version(p->blob) != 17)
		return bad(p, "version %u, not 17", fdt_version(p->blob));
	err = fdt_check_full(p->blob, bytes);
	if (err)
		return bad(p, "malformed: %s", fdt_strerror(err));
	return 0;
}

/* One cell of a node, without limits. Returns 0, 1 when absent, or -1. */
static int cell(struct parser *p, int node, const char *name, uint32_t *value)
{
	fdt32_t raw;
	int len;
	const void *data = fdt_getprop(p->blob, node, name, &len);

	if (!data)
		return len == -FDT_ERR_NOTFOUND ?
			       1 :
			       bad(p, "%s: %s", name, fdt_strerror(len));
	if (len != (int)sizeof(raw))
		return bad(p, "%s has %d bytes, not one cell of 4", name, len);
	memcpy(&raw, data, sizeof(raw));
	*value = fdt32_to_cpu(raw);
	return 0;
}

/* Follow interrupt-parent upwards: it must lead somewhere. */
static int check_parents(struct parser *p, int node)
{
	uint32_t phandle;
	int steps, r;

	for (steps = 0; steps < DEPTH_MAX; steps++) {
		r = cell(p, node, "interrupt-parent", &phandle);
		if (r)
			return r < 0 ? r : 0;
		node = fdt_node_offset_by_phandle(p->blob, phandle);
		if (node < 0)
			return bad(p, "interrupt-parent 0x%x leads nowhere",
				   phandle);
	}
	return bad(p, "interrupt-parent phandles form a cycle");
}

/* phandles are unique; depth is bounded; a node's cells are sane. */
static int check_nodes(struct parser *p)
{
	int node, depth = 0, r;
	uint32_t value;

	for (node = fdt_next_node(p->blob, -1, &depth); node >= 0;
	     node = fdt_next_node(p->blob, node, &depth)) {
		if (depth < 0)
			return 0;
		if (depth > DEPTH_MAX)
			return bad(p, "nodes are nested deeper than %d",
				   DEPTH_MAX);
		r = cell(p, node, "phandle", &value);
		if (r < 0)
			return r;
		if (!r && (!value || value == ~0u))
			return bad(p, "phandle 0x%x is reserved", value);
		if (!r && fdt_node_offset_by_phandle(p->blob, value) != node)
			return bad(p, "phandle 0x%x is used twice", value);
		if (check_parents(p, node))
			return -1;
		r = cell(p, node, "#address-cells", &value);
		if (r < 0 || (!r && value > 4))
			return r < 0 ? r :
				       bad(p,
					   "#address-cells is %u, not 0 to 4",
					   value);
		r = cell(p, node, "#size-cells", &value);
		if (r < 0 || (!r && value > 4))
			return r < 0 ? r :
				       bad(p, "#size-cells is %u, not 0 to 4",
					   value);
	}
	return node == -FDT_ERR_NOTFOUND ?
		       0 :
		       bad(p, "malformed: %s", fdt_strerror(node));
}

static int find(struct parser *p, const char *path, int *node)
{
	*node = fdt_path_offset(p->blob, path);
	return *node < 0 ? bad(p, "node %s is missing", path) : 0;
}

static int apply(struct parser *p, const struct rule *rule, struct topology *t)
{
	uint32_t value;
	int node, r;

	if (find(p, rule->node, &node))
		return -1;
	r = cell(p, node, rule->property, &value);
	if (r)
		return r < 0 ? r :
			       bad(p, "%s: property %s is missing", rule->node,
				   rule->property);
	if (value < rule->low || value > rule->high)
		return bad(p, "%s: %s is %u, not %u to %u", rule->node,
			   rule->property, value, rule->low, rule->high);
	if (rule->power_of_two && value & (value - 1))
		return bad(p, "%s: %s is %u, not a power of two", rule->node,
			   rule->property, value);
	memcpy((char *)t + rule->member, &value, sizeof(value));
	return 0;
}

static int text(struct parser *p, int node, const char *name, char *to,
		size_t room)
{
	int len;
	const char *data = fdt_getprop(p->blob, node, name, &len);

	if (!data)
		return bad(p, "property %s is missing", name);
	if (len < 2 || (size_t)len > room ||
	    memchr(data, 0, (size_t)len) != data + len - 1)
		return bad(p, "property %s is not one text of 1 to %zu bytes",
			   name, room - 1);
	memcpy(to, data, (size_t)len);
	return 0;
}

static int memory_size(struct parser *p, struct topology *t)
{
	fdt64_t raw;
	const void *data;
	int node, len;

	if (find(p, "/memory", &node))
		return -1;
	data = fdt_getprop(p->blob, node, "ashlar,bytes", &len);
	if (!data)
		return bad(p, "/memory: property ashlar,bytes is missing");
	if (len != (int)sizeof(raw))
		return bad(
			p,
			"/memory: ashlar,bytes has %d bytes, not two cells of 4",
			len);
	memcpy(&raw, data, sizeof(raw));
	t->mem_bytes = fdt64_to_cpu(raw);
	if (t->mem_bytes < 1u << 20 || t->mem_bytes >> 48 ||
	    t->mem_bytes % 4096)
		return bad(
			p,
			"/memory: ashlar,bytes is %llu, not a multiple of 4096 from 1 MiB to 256 TiB",
			(unsigned long long)t->mem_bytes);
	return 0;
}

int topology_parse(const void *blob, size_t bytes, struct topology *t,
		   char *error, size_t error_bytes)
{
	struct parser p = { blob, error, error_bytes };

	memset(t, 0, sizeof(*t));
	if (check_frame(&p, bytes) || check_nodes(&p))
		return -1;
	if (fdt_node_check_compatible(blob, 0, "ashlar,board"))
		return bad(&p, "it is not compatible with \"ashlar,board\"");
	if (text(&p, 0, "model", t->board, sizeof(t->board)))
		return -1;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (apply(&p, &rules[i], t))
			return -1;
	return memory_size(&p, t);
}
