/* SPDX-License-Identifier: BSD-3-Clause
 * The shell's parser: recursive descent over one line. Nodes come from a fixed store, which is reused
 * for each line; a line that needs more than the store holds is refused.
 */
#include "user/user.h"
#include "user/sh/sh.h"

#define MAXNODES 64
#define MAXREDIRS 32
#define MAXWORDS (MAXLINE / 2) /* a line cannot have more: each takes a letter and a separator */
#define MAXDEPTH 20            /* levels of nested parentheses */

/* A command's words lie side by side in `words`, since no other command can begin between two of
 * them; its redirections likewise. */
static struct node nodes[MAXNODES];
static const char *words[MAXWORDS];
static struct redir redirs[MAXREDIRS];
static int nnodes, nwords, nredirs;
static int depth;
static char *next;            /* where the next token begins */
static char delimiter;        /* what was where the last word's NUL is now; 0: nothing */
static const char *complaint; /* the first error, or 0 */

static struct node *parse_list(void);

static void complain(const char *what)
{
    if (complaint == 0)
        complaint = what;
}

/* A new node. When the store is used up: the last one again, and an error. */
static struct node *new_node(enum kind kind, struct node *left, struct node *right)
{
    struct node *n;

    if (nnodes == MAXNODES) {
        complain("too many commands in a line");
        nnodes--;
    }
    n = &nodes[nnodes++];
    n->kind = kind;
    n->left = left;
    n->right = right;
    n->nwords = n->nredirs = 0;
    n->words = &words[nwords];
    n->redirs = &redirs[nredirs];
    return n;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\n';
}

static int is_operator(char c)
{
    return c == '<' || c == '>' || c == '|' || c == '&' || c == ';' || c == '(' || c == ')';
}

/*
 * A word is cut off by a NUL in the byte after it, which may have been an operator: for that one byte,
 * `delimiter` says what was there.
 */
static char char_at(const char *p)
{
    return p == next && delimiter != 0 ? delimiter : *p;
}

static void skip_blanks(void)
{
    while (is_blank(char_at(next))) {
        next++;
        delimiter = 0;
    }
    if (char_at(next) == '#')
        while (char_at(next) != 0) {
            next++;
            delimiter = 0;
        }
}

/* True when p begins a redirection that names its file descriptor, as in 2> or 2>>. */
static int names_fd(const char *p)
{
    return *p >= '0' && *p <= '9' && (p[1] == '<' || p[1] == '>');
}

/* The next token's operator, after a file descriptor if there is one: its character, or 'A' for &&, 'O'
 * for ||, 'a' for >>. 'w' for a word; 0 at the end. */
static char peek(void)
{
    const char *p;
    char c;

    skip_blanks();
    p = names_fd(next) ? next + 1 : next;
    c = char_at(p);
    if (c == 0 || !is_operator(c))
        return c == 0 ? 0 : 'w';
    if (c == '&' && p[1] == '&')
        return 'A';
    if (c == '|' && p[1] == '|')
        return 'O';
    if (c == '>' && p[1] == '>')
        return 'a';
    return c;
}

/* Skip the operator that peek() has found. */
static void take(char op)
{
    next += op == 'A' || op == 'O' || op == 'a' ? 2 : 1;
    delimiter = 0;
}

/* Skip the quoted part at p. Returns its last character. */
static char *skip_quoted(char *p)
{
    char quote = *p;

    for (p++; *p != quote; p++) {
        if (quote == '"' && *p == '\\' && p[1] != 0)
            p++;
        if (*p == 0) {
            complain("a quote is not closed");
            return p - 1;
        }
    }
    return p;
}

/* Take the word at the next token: cut it out of the line. */
static const char *take_word(void)
{
    char *start = next;

    for (; *next != 0 && !is_blank(*next) && !is_operator(*next); next++) {
        if (*next == '\\' && next[1] != 0)
            next++;
        else if (*next == '\'' || *next == '"')
            next = skip_quoted(next);
    }
    delimiter = *next;
    *next = 0;
    return start;
}

static void parse_redirection(struct node *n, char op)
{
    struct redir *r;
    int fd = op == '<' ? 0 : 1;

    if (names_fd(next))
        fd = *next++ - '0';
    if (fd > 2)
        complain("only the file descriptors 0, 1 and 2 can be redirected");
    take(op);
    if (peek() != 'w') {
        complain(peek() == '&' ? ">& is not supported" : "a redirection has no file name");
        return;
    }
    if (nredirs == MAXREDIRS) {
        complain("too many redirections");
        return;
    }
    r = &redirs[nredirs++];
    r->op = op;
    r->fd = fd;
    r->word = take_word();
    n->nredirs++;
}

static void add_word(struct node *n)
{
    const char *word = take_word();

    if (n->kind == SUBSHELL)
        complain("a word after )");
    else if (n->nwords == MAXARG - 1) /* exec's argv ends with a 0 */
        complain("too many arguments");
    else
        n->words[n->nwords++] = word;
    nwords++;
}

static struct node *parse_subshell(void)
{
    struct node *inner;

    take('(');
    if (++depth > MAXDEPTH) {
        complain("parentheses are nested too deeply");
        return new_node(SUBSHELL, 0, 0);
    }
    inner = parse_list();
    depth--;
    if (inner == 0)
        complain("there is nothing between ( and )");
    if (peek() == ')')
        take(')');
    else
        complain("a ( is not closed");
    return new_node(SUBSHELL, inner, 0);
}

static struct node *parse_command(void)
{
    struct node *n = peek() == '(' ? parse_subshell() : new_node(SIMPLE, 0, 0);
    char op;

    while (complaint == 0) {
        op = peek();
        if (op == '<' || op == '>' || op == 'a')
            parse_redirection(n, op);
        else if (op == 'w')
            add_word(n);
        else
            break;
    }
    if (n->kind == SIMPLE && n->nwords == 0 && n->nredirs == 0)
        complain("a command is missing");
    return n;
}

static struct node *parse_pipeline(void)
{
    struct node *n = parse_command();

    while (complaint == 0 && peek() == '|') {
        take('|');
        n = new_node(PIPE, n, parse_command());
    }
    return n;
}

static struct node *parse_andor(void)
{
    struct node *n = parse_pipeline();
    char op;

    while (complaint == 0 && ((op = peek()) == 'A' || op == 'O')) {
        take(op);
        n = new_node(op == 'A' ? AND : OR, n, parse_pipeline());
    }
    return n;
}

/* Parse up to a ) or the end. Returns 0 when there is no command. */
static struct node *parse_list(void)
{
    struct node *all = 0, *n;

    while (complaint == 0 && peek() != 0 && peek() != ')') {
        n = parse_andor();
        if (peek() == '&') {
            take('&');
            n = new_node(BACKGROUND, n, 0);
        } else if (peek() == ';') {
            take(';');
        }
        all = all == 0 ? n : new_node(SEQUENCE, all, n);
    }
    return all;
}

struct node *parse(char *line, const char **error)
{
    struct node *tree;

    next = line;
    delimiter = 0;
    nnodes = nwords = nredirs = depth = 0;
    complaint = 0;
    tree = parse_list();
    if (complaint == 0 && peek() == ')')
        complain("a ) has no (");
    *error = complaint;
    return complaint == 0 ? tree : 0;
}
