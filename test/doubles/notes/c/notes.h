/* What the files of the stand-in share. Its world is a directory, so that it survives whoever uses it; see ../README.md. */
#pragma once
#include "platform.h"
#include <stddef.h>

typedef uint16_t STATUS;
typedef uint32_t DWORD;
typedef struct {
  uint32_t words[4];
} UNID;

#define OK 0
#define PAGE 512
/* Where in its header a database carries what recovery needs, and how long that is. */
#define STAMP_AT 896
#define STAMP_SIZE 64
#define PATH_SIZE 4096

#define ERR_NOEXIST 0x0103
#define ERR_TRANSLOG_NOT_ARCHIVED 0x0ea1
#define ERR_BACKUP_ALREADY_IN_PROGRESS 0x0ea4
#define ERR_NOT_DOING_BACKUP 0x0ea5
#define ERR_INVALID_CONTEXT 0x0ea6
#define ERR_CORRUPT_CHANGE_INFO 0x0ea7
#define ERR_TRANSLOG_ARCHIVE_IN_PROGRESS 0x0eae
#define ERR_NO_SUCH_TRANSLOG 0x13dc
#define ERR_NO_TRANSLOGS_TO_ARCHIVE 0x13de
#define ERR_EXTENT_NOT_RETRIEVED 0x13e3
#define ERR_DBINUSE 0x13ea
#define ERR_OPEN_BACKUP 0x13f3
#define ERR_DBOFFLINE 0x13f9
#define ERR_RECOVER_NONBACKUP 0x13fa
#define ERR_SERVER_NOT_TRANSLOGGED 0x13ff
#define ERR_BAD_INI 0x0120
#define ERR_WRONG_USER 0x0121
#define ERR_PASSWORD 0x0122

/* world.c */
void openWorld(const char *directory);
const char *inWorld(char *buffer, const char *format, ...);
/* The text of a small file of the world without its last newline; NULL where there is none. */
char *readText(const char *path, char *buffer, size_t size);
void writeText(const char *path, const char *format, ...);
void lockWorld(void);
void unlockWorld(void);
uint32_t checksum(const void *bytes, size_t length);
UNID unidOf(const char *hex);
const char *hexOf(const UNID *id, char *buffer);

/* journal.c */
void journal(const char *format, ...);
void violation(const char *format, ...);
/* A fault that a test has laid for this function: its status, or OK. May hang or die instead. */
STATUS fault(const char *function, const char *subject);
/* A failure as the library returns it, now and then with the bits that say "displayed already" or "came from another machine". */
STATUS failing(STATUS status);

/* database.c: what both the library and the writer of the tests know of a database. */
typedef struct {
  int logged;
  UNID dbiid;
  uint32_t firstExtent;
} DatabaseInfo;
DatabaseInfo infoOf(const char *path);
/* The file's name inside the world's folders. */
const char *keyOf(const char *path, char *buffer);
/* Changes a page as a transaction: its before-image goes to whoever backs the database up, and the change to the log. The world is locked. */
void changePage(const char *path, uint64_t offset, const uint8_t *bytes);

/* log.c */
int logStyle(void);
UNID logId(void);
uint32_t activeExtent(char *path);
void appendToLog(const char *path, uint64_t offset, const uint8_t *page);
/* The waiting extent with the lowest number above `after`; 0 where there is none. */
uint32_t waitingAfter(uint32_t after, char *path);
/* Lets the log use an extent again: its content is gone at once. */
void recycle(uint32_t number);
/* Plays back what the extent says about a database. @returns the number of changes, -1 for a file that is not this extent */
long replay(const char *extent, const UNID *id, uint32_t number, const UNID *dbiid, const char *into);
/* The number in an extent's header; 0 for anything else. */
uint32_t numberIn(const char *extent, UNID *id);

/* sha256.c: of a file with the stamp's place taken as zeros, in hex. */
void imageHash(const char *path, uint64_t size, char *hex);
