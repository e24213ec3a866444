/*
 * The shell: parse.c turns a line into a tree, run.c runs the tree, main.c reads the lines.
 *
 *   line     = [list]
 *   list     = andor { (';' | '&') [andor] }
 *   andor    = pipeline { ('&&' | '||') pipeline }
 *   pipeline = command { '|' command }
 *   command  = ( '(' list ')' | word ) { word | redirection }       no words after ')'
 *   redirection = ('<' | '>' | '>>') word
 *
 * A word may hold '...', "..." and \c; `#` at the start of a word begins a comment. $? outside of
 * '...' is the status of the last command.
 */
#ifndef USER_SH_H
#define USER_SH_H

#include "kernel/param.h"

#define MAXLINE 1024 /* bytes of a line, with its NUL */

enum kind { SIMPLE, SUBSHELL, PIPE, AND, OR, SEQUENCE, BACKGROUND };

struct redir {
    char op;          /* '<', '>' or 'a' for >> */
    const char *word; /* file name, as it was typed */
};

/*
 * A command. Words are as typed, quotes and all: they are expanded when the command runs, since $?
 * is not known before.
 */
struct node {
    enum kind kind;
    struct node *left, *right; /* SUBSHELL, BACKGROUND: left only */
    int nwords;
    const char **words;
    int nredirs;
    struct redir *redirs;
};

/* The tree of a line, which is cut into words; 0 with *error 0: nothing to do; 0 with *error set:
 * what is wrong with it. The tree and the line last until the next call. */
struct node *parse(char *line, const char **error);

/* A typed word without its quotes, $? filled in, in buf of size bytes. 0, or -1: too long. */
int expand(const char *word, int status, char *buf, int size);

/* Run a tree; status of its last command. The status before it is in last_status. */
int run(const struct node *n);
extern int last_status;

/* The script's file descriptor, which commands must not inherit; -1: none. */
extern int script_fd;

#endif
