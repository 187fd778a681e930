#include "platform.h"
#include <errno.h>
#include <signal.h>
#include <sys/file.h>

char *native(char *path) {
  return path;
}

int isAbsolute(const char *path) {
  return path[0] == '/';
}

uint64_t sizeOf(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 ? (uint64_t)found.st_size : 0;
}

void lockFile(int file) {
  while (flock(file, LOCK_EX) != 0 && errno == EINTR) continue;
}

void unlockFile(int file) {
  flock(file, LOCK_UN);
}

int isAlive(int pid) {
  return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

int userId(void) {
  return (int)getuid();
}

char **argumentsOf(int argc, char **argv) {
  (void)argc;
  return argv;
}

void hang(void) {
  for (;;) pause();
}
