/*
 * A server's other work: changes pages of databases, each change in the log and, where the database is being backed up, in its change information.
 *
 *   writer WORLD COUNT SEED MICROSECONDS DATABASE...     COUNT changes, 0 for as long as it is let
 *
 * SIGTERM ends it between two changes: one that is in the log and not in its database is what a server finds after a crash, and puts right when it starts.
 */
#include "notes.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t over = 0;

static void end(int number) {
  (void)number;
  over = 1;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  argv = argumentsOf(argc, argv);
  signal(SIGTERM, end);
  openWorld(argv[1]);
  long count = atol(argv[2]);
  uint32_t state = (uint32_t)atol(argv[3]) * 2654435761u + 1;
  uint8_t page[PAGE];
  for (long n = 0; !over && (count == 0 || n < count); n++) {
    state = state * 1664525u + 1013904223u;
    const char *database = argv[5 + (state >> 8) % (uint32_t)(argc - 5)];
    for (int i = 0; i < PAGE; i++) {
      state = state * 1664525u + 1013904223u;
      page[i] = (uint8_t)(state >> 24);
    }
    lockWorld();
    uint64_t pages = sizeOf(database) / PAGE;
    /* One in sixteen makes the database grow. */
    uint64_t target = state >> 28 == 0 ? pages : 2 + (state >> 4) % (pages - 2);
    changePage(database, target * PAGE, page);
    unlockWorld();
    usleep((unsigned)atoi(argv[4]));
  }
  return 0;
}
