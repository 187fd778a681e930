#include <errno.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <shellapi.h>
/* After what declares the names that it replaces. */
#include "platform.h"

#define LONGEST 4096

static wchar_t *wide(const char *path, wchar_t *buffer) {
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, buffer, LONGEST) == 0) abort();
  return buffer;
}

char *native(char *path) {
  for (char *at = path; *at; at++)
    if (*at == '/') *at = '\\';
  return path;
}

int isAbsolute(const char *path) {
  return path[0] == '\\' || (path[0] && path[1] == ':');
}

uint64_t sizeOf(const char *path) {
  wchar_t buffer[LONGEST];
  WIN32_FILE_ATTRIBUTE_DATA found;
  if (!GetFileAttributesExW(wide(path, buffer), GetFileExInfoStandard, &found)) return 0;
  return (uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow;
}

static HANDLE handleOf(int file) {
  return (HANDLE)_get_osfhandle(file);
}

/* A byte that nobody reads or writes: a lock of Windows keeps others from what it covers. */
void lockFile(int file) {
  OVERLAPPED at = {.OffsetHigh = 1};
  if (!LockFileEx(handleOf(file), LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &at)) abort();
}

void unlockFile(int file) {
  OVERLAPPED at = {.OffsetHigh = 1};
  UnlockFileEx(handleOf(file), 0, 1, 0, &at);
}

int isAlive(int pid) {
  HANDLE process = pid > 0 ? OpenProcess(SYNCHRONIZE, FALSE, (DWORD)pid) : NULL;
  if (!process) return 0;
  int alive = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
  CloseHandle(process);
  return alive;
}

int userId(void) {
  return 0;
}

/* What main is given is in the code page of the system. */
char **argumentsOf(int argc, char **argv) {
  int count;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  char **arguments = calloc((size_t)argc + 1, sizeof *arguments);
  (void)argv;
  for (int i = 0; i < argc; i++) {
    arguments[i] = malloc(LONGEST);
    if (WideCharToMultiByte(CP_UTF8, 0, words[i], -1, arguments[i], LONGEST, NULL, NULL) == 0) abort();
  }
  return arguments;
}

void hang(void) {
  Sleep(INFINITE);
}

/* As POSIX has it: others may write to it, rename and remove it; bytes are not translated. */
int openUtf8(const char *path, int flags, ...) {
  wchar_t buffer[LONGEST];
  DWORD rights = flags & O_APPEND   ? FILE_APPEND_DATA | SYNCHRONIZE
                 : flags & O_RDWR   ? GENERIC_READ | GENERIC_WRITE
                 : flags & O_WRONLY ? GENERIC_WRITE
                                    : GENERIC_READ;
  DWORD how = !(flags & O_CREAT) ? OPEN_EXISTING : flags & O_TRUNC ? CREATE_ALWAYS : OPEN_ALWAYS;
  DWORD others = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  HANDLE file = CreateFileW(wide(path, buffer), rights, others, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file != INVALID_HANDLE_VALUE) return _open_osfhandle((intptr_t)file, (flags & O_APPEND) | _O_BINARY);
  errno = ENOENT;
  return -1;
}

FILE *fopenUtf8(const char *path, const char *mode) {
  int flags = mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : strchr(mode, '+') ? O_RDWR : O_RDONLY;
  int file = openUtf8(path, flags);
  return file < 0 ? NULL : _fdopen(file, mode[0] == 'w' ? "wb" : flags == O_RDWR ? "r+b" : "rb");
}

int accessUtf8(const char *path, int mode) {
  wchar_t buffer[LONGEST];
  return _waccess(wide(path, buffer), mode);
}

int unlinkUtf8(const char *path) {
  wchar_t buffer[LONGEST];
  return _wunlink(wide(path, buffer));
}

int renameUtf8(const char *from, const char *to) {
  wchar_t old[LONGEST], new[LONGEST];
  return MoveFileExW(wide(from, old), wide(to, new), MOVEFILE_REPLACE_EXISTING) ? 0 : -1;
}

int mkdirUtf8(const char *path, int mode) {
  wchar_t buffer[LONGEST];
  (void)mode;
  return CreateDirectoryW(wide(path, buffer), NULL) ? 0 : -1;
}

int rmdirUtf8(const char *path) {
  wchar_t buffer[LONGEST];
  return RemoveDirectoryW(wide(path, buffer)) ? 0 : -1;
}

ssize_t pread(int file, void *bytes, size_t length, off_t offset) {
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)((uint64_t)offset >> 32)};
  DWORD done = 0;
  if (ReadFile(handleOf(file), bytes, (DWORD)length, &done, &at)) return done;
  return GetLastError() == ERROR_HANDLE_EOF ? 0 : -1;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)((uint64_t)offset >> 32)};
  DWORD done = 0;
  return WriteFile(handleOf(file), bytes, (DWORD)length, &done, &at) ? (ssize_t)done : -1;
}
