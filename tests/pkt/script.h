/*
 * script.h -- a packet script as it was read: events in their order, each with the time at which it
 * is to happen and the line where it stands. parse.c makes it, run.c plays it.
 */
#ifndef TESTS_PKT_SCRIPT_H
#define TESTS_PKT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/pkt/packet.h"
#include "tests/pkt/token.h"

enum when_kind {
	WHEN_RELATIVE, /* +t: after the event before */
	WHEN_ABSOLUTE, /* t: after the start */
	WHEN_ANY,      /* *: whenever it comes */
};

/* from_ns..to_ns: one moment unless a range was given with ~. */
struct when {
	enum when_kind kind;
	int64_t from_ns, to_ns;
};

enum value_kind {
	VALUE_NUMBER,
	VALUE_ELLIPSIS, /* ... */
	VALUE_STRING,
	VALUE_LIST,   /* [a, b] */
	VALUE_RECORD, /* {name=a, name=b} */
};

/* An argument of a system call. Owned by the script. */
struct value {
	enum value_kind kind;
	const char *name; /* of a field of a record, else NULL */
	int64_t number;
	const char *text; /* of a string */
	size_t len;
	struct value *parent, *first, *last, *next;
};

struct call {
	const char *name;
	struct value args; /* a list */
	bool blocks;	   /* an end time was given */
	int64_t end_ns;	   /* in the terms of the event's own time */
	bool any_result;   /* = ? */
	int64_t result;
	int err; /* errno, 0 for none */
};

enum event_kind { EVENT_PACKET, EVENT_CALL, EVENT_CHECK };

struct event {
	enum event_kind kind;
	struct when when;
	int line;
	struct event *next;
	struct packet packet;
	struct call call;
	const char *code; /* between %{ and }% */
};

#define SCRIPT_OPTIONS_MAX 32u

/* --name=value */
struct script_option {
	const char *name, *value;
	int line;
};

struct script {
	const char *path;
	const char *fails; /* from a comment "fails:": what the error must say; NULL for none */
	struct script_option options[SCRIPT_OPTIONS_MAX];
	size_t noptions;
	struct event *first, *last;
	struct arena *arena; /* holds all of it */
};

/* Read a script. What is wrong with it ends in fail_at(). */
void script_parse(struct script *s, const char *path, const char *text, struct arena *arena);

/* ---- parse_packet.c: from behind the direction to the end of the packet */
void parse_packet(struct lexer *lx, struct packet *p);

/* ---- parse_call.c: from the name of the function to the end of the result */
void parse_call(struct lexer *lx, struct call *c, struct arena *arena);

#endif
