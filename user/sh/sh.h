/* SPDX-License-Identifier: BSD-3-Clause
 * The shell: main.c reads lines, parse.c turns a line into a tree, and run.c runs the
 * tree (builtin.c: commands that need no process).
 *
 *   line     = [list]
 *   list     = andor { (';' | '&') [andor] }
 *   andor    = pipeline { ('&&' | '||') pipeline }
 *   pipeline = command { '|' command }
 *   command  = ( '(' list ')' | word ) { word | redirection }       no word after ')'
 *   redirection = [fd] ('<' | '>' | '>>') word                      fd is 0, 1 or 2: 2> err
 *
 * A word may contain '...', "..." and \c. A `#` at the start of a word begins a comment. $? is the
 * status of the last command, except within '...'.
 */
#ifndef USER_SH_H
#define USER_SH_H

#include "kernel/param.h"

#define MAXLINE 1024 /* bytes of a line, with its NUL */

enum kind { SIMPLE, SUBSHELL, PIPE, AND, OR, SEQUENCE, BACKGROUND };

struct redir {
    char op;          /* '<', '>' or 'a' for >> */
    int fd;           /* what is redirected */
    const char *word; /* file name, as it was typed */
};

/*
 * A command. Its words are as they were typed, with their quotes: they are expanded when the command
 * runs, since $? is not known before that.
 */
struct node {
    enum kind kind;
    struct node *left, *right; /* SUBSHELL, BACKGROUND: left only */
    int nwords;
    const char **words;
    int nredirs;
    struct redir *redirs;
};

/* Parse a line, which is cut into words in place. Returns its tree; 0: there is nothing to do (*error
 * is 0), or *error says what is wrong. The next call takes the tree back; its words are in the line. */
struct node *parse(char *line, const char **error);

/* Expand a word as typed into buf, of size bytes: no quotes, $? filled in. 0; -1: it does not fit. */
int expand(const char *word, int status, char *buf, int size);

/* Run the command argv if it is a builtin: 1, and its status in *status. 0: it is none. */
int run_builtin(char **argv, int *status);

/* Run a tree. Returns the status of its last command, and leaves it in last_status. */
int run(const struct node *n);
extern int last_status;

/* The script's file descriptor, which commands must not inherit; -1: none. */
extern int script_fd;

#endif
