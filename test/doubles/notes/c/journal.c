#include "notes.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(const char *name, const char *format, va_list arguments) {
  char path[PATH_SIZE], line[PATH_SIZE];
  int length = snprintf(line, sizeof line, "%d ", (int)getpid());
  length += vsnprintf(line + length, sizeof line - length - 1, format, arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  int file = open(inWorld(path, "%s", name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0 || write(file, line, length) != length) abort();
  close(file);
}

void journal(const char *format, ...) {
  char path[PATH_SIZE];
  if (access(inWorld(path, "quiet"), F_OK) == 0) return;
  va_list arguments;
  va_start(arguments, format);
  append("journal", format, arguments);
  va_end(arguments);
}

void violation(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append("violations", format, arguments);
  va_end(arguments);
}

/*
 * faults/FUNCTION holds "STATUS TIMES SUBJECT": the status in hex, or one of the words below; how often (it is counted down); and what must be part of the
 * subject, nothing for any.
 */
STATUS fault(const char *function, const char *subject) {
  char path[PATH_SIZE], text[PATH_SIZE], what[32] = "", wanted[PATH_SIZE] = "";
  int times = 0;
  if (!readText(inWorld(path, "faults/%s", function), text, sizeof text)) return OK;
  if (sscanf(text, "%31s %d %4000[^\n]", what, &times, wanted) < 2) return OK;
  if (times <= 0 || (wanted[0] && !strstr(subject ? subject : "", wanted))) return OK;
  writeText(path, "%s %d %s\n", what, times - 1, wanted);
  journal("fault %s %s", function, what);
  if (!strcmp(what, "hang")) hang();
  if (!strcmp(what, "crash")) raise(SIGSEGV);
  if (!strcmp(what, "print")) {
    printf("{\"this\":\"is no answer\"}\n");
    fflush(stdout);
    return OK;
  }
  return (STATUS)strtoul(what, NULL, 16);
}

STATUS failing(STATUS status) {
  static const STATUS bits[] = {0, 0x8000, 0x4000, 0xc000};
  static unsigned count = 0;
  return status == OK ? OK : status | bits[count++ % 4];
}
