#include "session.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_AT_ONCE 256
#define WIDE 0x7a5a000000000000ull

static int initialised, terminated;
static __thread int threadReady;
static Open table[OPEN_AT_ONCE];
static uint32_t serials;
static char dataDirectory[PATH_SIZE];
int archiving;

/* The file "world" beside the library says which world it is of: nothing but what a real one needs has to be in the environment. */
static const char *worldDirectory(void) {
  static char world[PATH_SIZE];
  char path[PATH_SIZE];
  const char *programs = getenv("Notes_ExecDirectory");
  snprintf(path, sizeof path, "%s/world", programs ? programs : "");
  return readText(path, world, sizeof world);
}

static void die(const char *function, const char *why) {
  const char *directory = worldDirectory();
  if (directory) {
    openWorld(directory);
    violation("%s %s", function, why);
  }
  abort();
}

STATUS enter(const char *function, const char *subject) {
  if (!initialised || terminated) die(function, "is called outside of NotesInitExtended and NotesTerm");
  if (!threadReady) die(function, "is called from a thread without NotesInitThread");
  STATUS status = fault(function, subject);
  journal("%s %s", function, subject ? subject : "");
  return failing(status);
}

static int wide(void) {
  char path[PATH_SIZE];
  static int is = -1;
  if (is < 0) is = access(inWorld(path, "wide"), F_OK) == 0;
  return is;
}

uint64_t newHandle(Kind kind, const char *path, Open **open) {
  for (int i = 0; i < OPEN_AT_ONCE; i++)
    if (!table[i].kind) {
      memset(&table[i], 0, sizeof table[i]);
      table[i].kind = kind;
      table[i].serial = ++serials & 0xffff;
      snprintf(table[i].path, PATH_SIZE, "%s", path);
      *open = &table[i];
      return (wide() ? WIDE : 0) | (uint64_t)table[i].serial << 16 | (uint32_t)(i + 1);
    }
  die("handle", "of too many at once");
  return 0;
}

Open *of(uint64_t handle, Kind kind) {
  uint64_t value = wide() ? handle : (uint32_t)handle;
  uint32_t index = (uint32_t)(value & 0xffff), serial = (uint32_t)(value >> 16 & 0xffff);
  if ((value & 0xffffffff00000000ull) == (wide() ? WIDE : 0) && index > 0 && index <= OPEN_AT_ONCE) {
    Open *open = &table[index - 1];
    if (open->kind == kind && open->serial == serial) return open;
  }
  violation("a handle that is foreign or stale");
  return NULL;
}

void forget(Open *open) {
  open->kind = 0;
}

void giveHandle(uint64_t *to, uint64_t handle) {
  if (wide()) *to = handle;
  else memcpy(to, &handle, 4);
}

/* 0x01 and a character of Latin-1, or 0x14 and two bytes of UTF-16, the highest first; no byte is ever zero. */
#define LATIN 0x01
#define UTF16 0x14
#define ENDS_IN_ZERO 0xf6

static size_t fromLmbcs(const uint8_t *in, size_t length, char *out, size_t size) {
  size_t to = 0;
  for (size_t i = 0; i < length && in[i] && to + 4 < size; i++) {
    unsigned unit = in[i];
    if (unit == LATIN && i + 1 < length) unit = in[++i];
    else if (unit == UTF16 && i + 2 < length) {
      unit = in[i + 1] == ENDS_IN_ZERO ? (unsigned)in[i + 2] << 8 : (unsigned)in[i + 1] << 8 | in[i + 2];
      i += 2;
    }
    if (unit < 0x80) {
      out[to++] = (char)unit;
      continue;
    }
    if (unit < 0x800) out[to++] = (char)(0xc0 | unit >> 6);
    else {
      out[to++] = (char)(0xe0 | unit >> 12);
      out[to++] = (char)(0x80 | (unit >> 6 & 0x3f));
    }
    out[to++] = (char)(0x80 | (unit & 0x3f));
  }
  out[to] = 0;
  return to;
}

static size_t toLmbcs(const uint8_t *in, size_t length, char *out, size_t size) {
  size_t to = 0;
  for (size_t i = 0; i < length && to + 4 < size;) {
    unsigned unit = in[i];
    if (unit < 0x80) {
      out[to++] = (char)in[i++];
      continue;
    }
    if (unit < 0xe0) unit = (unit & 0x1f) << 6 | (in[i + 1] & 0x3f), i += 2;
    else unit = (unit & 0x0f) << 12 | (unsigned)(in[i + 1] & 0x3f) << 6 | (in[i + 2] & 0x3f), i += 3;
    if (unit < 0x100) {
      out[to++] = LATIN;
      out[to++] = (char)unit;
      continue;
    }
    out[to++] = UTF16;
    out[to++] = (char)(unit & 0xff ? unit >> 8 : ENDS_IN_ZERO);
    out[to++] = (char)(unit & 0xff ? unit : unit >> 8);
  }
  return to;
}

uint16_t OSTranslate(uint16_t mode, const char *in, uint16_t length, char *out, uint16_t size) {
  if (enter("OSTranslate", NULL) != OK) return 0;
  if (mode == 24) return (uint16_t)toLmbcs((const uint8_t *)in, length, out, size);
  if (mode == 22) return (uint16_t)fromLmbcs((const uint8_t *)in, length, out, size);
  violation("OSTranslate mode %u", mode);
  return 0;
}

const char *resolve(const char *name, char *path) {
  char plain[PATH_SIZE];
  fromLmbcs((const uint8_t *)name, strlen(name), plain, sizeof plain);
  native(plain);
  if (isAbsolute(plain)) snprintf(path, PATH_SIZE, "%s", plain);
  else snprintf(path, PATH_SIZE, "%s%c%s", dataDirectory, SEPARATOR, plain);
  return path;
}

static int readDirectory(const char *ini) {
  char line[PATH_SIZE];
  FILE *file = fopen(ini, "r");
  if (!file) return 0;
  dataDirectory[0] = 0;
  while (fgets(line, sizeof line, file))
    if (strncasecmp(line, "directory=", 10) == 0 && !dataDirectory[0]) {
      line[strcspn(line, "\r\n")] = 0;
      snprintf(dataDirectory, sizeof dataDirectory, "%s", line + 10);
    }
  fclose(file);
  return dataDirectory[0] != 0;
}

STATUS NotesInitExtended(int argc, char **argv) {
  char path[PATH_SIZE], text[64];
  const char *directory = worldDirectory();
  const char *ini = NULL;
  if (!directory) return failing(ERR_BAD_INI);
  openWorld(directory);
  if (initialised) {
    violation("NotesInitExtended twice");
    return ERR_BAD_INI;
  }
  STATUS laid = fault("NotesInitExtended", NULL);
  if (laid) return failing(laid);
  if (argc < 1 || !argv[0][0]) violation("NotesInitExtended without argv[0]");
  for (int i = 1; i < argc; i++)
    if (argv[i][0] == '=') ini = argv[i] + 1;
  if (!ini || !readDirectory(ini)) return failing(ERR_BAD_INI);
  if (readText(inWorld(path, "user"), text, sizeof text) && atoi(text) != userId()) return failing(ERR_WRONG_USER);
  initialised = 1;
  threadReady = 1;
  /* As the real one does: whoever dies from here on dies by its hands. */
  signal(SIGSEGV, SIG_DFL);
  journal("NotesInitExtended %d", userId());
  return OK;
}

STATUS NotesInitThread(void) {
  threadReady = 1;
  return OK;
}

void NotesTermThread(void) {
  threadReady = 0;
}

void NotesTerm(void) {
  enter("NotesTerm", NULL);
  for (int i = 0; i < OPEN_AT_ONCE; i++)
    if (table[i].kind) violation("NotesTerm leaves %s of kind %d open", table[i].path, table[i].kind);
  if (archiving) violation("NotesTerm leaves the archive session open");
  terminated = 1;
}

STATUS NSFDbOpen(const char *name, uint64_t *handle) {
  char path[PATH_SIZE], key[PATH_SIZE], mark[PATH_SIZE];
  Open *open;
  resolve(name, path);
  STATUS laid = enter("NSFDbOpen", path);
  if (laid) return laid;
  if (access(path, R_OK) != 0) return failing(ERR_NOEXIST);
  if (access(inWorld(mark, "offline/%s", keyOf(path, key)), F_OK) == 0) return failing(ERR_DBOFFLINE);
  uint8_t stamp[STAMP_SIZE] = {0};
  FILE *file = fopen(path, "r+b");
  if (file) {
    fseek(file, STAMP_AT, SEEK_SET);
    if (fread(stamp, 1, sizeof stamp, file) == sizeof stamp && memcmp(stamp, "STAMP", 5) == 0) {
      /* Opened before it was recovered: it cannot be rolled forward any more. */
      memset(stamp, 0, sizeof stamp);
      fseek(file, STAMP_AT, SEEK_SET);
      fwrite(stamp, 1, sizeof stamp, file);
      fclose(file);
      violation("NSFDbOpen of the backup %s that was not recovered", path);
      return failing(ERR_OPEN_BACKUP);
    }
    fclose(file);
  }
  giveHandle(handle, newHandle(DATABASE, path, &open));
  return OK;
}

STATUS NSFDbClose(uint64_t handle) {
  STATUS laid = enter("NSFDbClose", NULL);
  Open *open = of(handle, DATABASE);
  if (!open) return failing(ERR_INVALID_CONTEXT);
  forget(open);
  return laid;
}

STATUS NSFDbPathGet(uint64_t handle, char *canonical, char *expanded) {
  STATUS laid = enter("NSFDbPathGet", NULL);
  Open *open = of(handle, DATABASE);
  if (laid || !open) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  char out[PATH_SIZE];
  size_t length = toLmbcs((const uint8_t *)open->path, strlen(open->path), out, sizeof out);
  out[length] = 0;
  if (canonical) strcpy(canonical, out);
  strcpy(expanded, out);
  return OK;
}

STATUS NSFDbGetLogInfo(uint64_t handle, DWORD flags, void *logged, UNID *id, UNID *dbiid, DWORD *first) {
  STATUS laid = enter("NSFDbGetLogInfo", NULL);
  Open *open = of(handle, DATABASE);
  if (laid || !open) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  if (flags) violation("NSFDbGetLogInfo with flags");
  lockWorld();
  DatabaseInfo info = infoOf(open->path);
  for (int i = 0; i < OPEN_AT_ONCE; i++)
    if (table[i].kind == BACKUP && strcmp(table[i].path, open->path) == 0) info = table[i].info;
  unlockWorld();
  *(uint32_t *)logged = (uint32_t)info.logged;
  *id = logId();
  *dbiid = info.dbiid;
  *first = info.firstExtent;
  return OK;
}

uint16_t OSLoadString(uint64_t module, uint16_t status, char *buffer, uint16_t size) {
  (void)module;
  const char *text = "Something that only the real library has words for";
  if (enter("OSLoadString", NULL) != OK) return 0;
  switch (status & 0x3fff) {
  case ERR_NOEXIST: text = "File does not exist"; break;
  case 0x13aa: text = "Database is being compacted and cannot be backed up"; break;
  case ERR_BACKUP_ALREADY_IN_PROGRESS: text = "Database is already being backed up"; break;
  case ERR_DBINUSE: text = "The database is in use by you or another user"; break;
  case ERR_WRONG_USER: text = "Server is running under another user"; break;
  case ERR_PASSWORD: text = "Wrong Password"; break;
  case ERR_BAD_INI: text = "Unable to find NOTES.INI"; break;
  case ERR_TRANSLOG_ARCHIVE_IN_PROGRESS: text = "Transaction logs are already being archived"; break;
  case ERR_EXTENT_NOT_RETRIEVED: text = "Recovery Manager: a log extent could not be retrieved"; break;
  case ERR_RECOVER_NONBACKUP: text = "Recovery Manager: the file is not a backup"; break;
  }
  return (uint16_t)snprintf(buffer, size, "%s", text);
}

/* One thread has one backup under way. */
const Open *backupUnderWay(void) {
  for (int i = 0; i < OPEN_AT_ONCE; i++)
    if (table[i].kind == BACKUP) return &table[i];
  return NULL;
}
