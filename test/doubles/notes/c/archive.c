#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int archiving;
static uint32_t last;
static int begun;

static STATUS requireArchive(void) {
  int style = logStyle();
  return style < 0 ? ERR_SERVER_NOT_TRANSLOGGED : style != 1 ? ERR_TRANSLOG_NOT_ARCHIVED : OK;
}

STATUS NSFGetTransLogStyle(uint16_t *style) {
  STATUS laid = enter("NSFGetTransLogStyle", NULL);
  if (laid) return laid;
  if (logStyle() < 0) return failing(ERR_SERVER_NOT_TRANSLOGGED);
  *style = (uint16_t)logStyle();
  return OK;
}

STATUS NSFIsNewBackupNeeded(const char *database, DWORD span, DWORD *needed) {
  STATUS laid = enter("NSFIsNewBackupNeeded", database);
  if (logStyle() == 1 && span != 0) violation("NSFIsNewBackupNeeded with a span where logs are archived");
  *needed = 0;
  return laid;
}

STATUS NSFBeginArchivingLogs(void) {
  char path[PATH_SIZE], text[32];
  STATUS laid = enter("NSFBeginArchivingLogs", NULL);
  if (laid || (laid = failing(requireArchive()))) return laid;
  lockWorld();
  int owner = readText(inWorld(path, "log/archiver"), text, sizeof text) ? atoi(text) : 0;
  int taken = archiving || (owner && isAlive(owner));
  if (!taken) writeText(path, "%d\n", (int)getpid());
  unlockWorld();
  if (taken) return failing(ERR_TRANSLOG_ARCHIVE_IN_PROGRESS);
  archiving = 1;
  begun = 0;
  return OK;
}

STATUS NSFEndArchivingLogs(void) {
  char path[PATH_SIZE];
  STATUS laid = enter("NSFEndArchivingLogs", NULL);
  if (!archiving) violation("NSFEndArchivingLogs without a session");
  else unlink(inWorld(path, "log/archiver"));
  archiving = 0;
  return laid;
}

static STATUS next(UNID *id, DWORD *number, char *path) {
  char found[PATH_SIZE];
  if (!archiving) {
    violation("a log is asked for outside of an archive session");
    return failing(ERR_NO_SUCH_TRANSLOG);
  }
  lockWorld();
  *id = logId();
  uint32_t waiting = waitingAfter(last, found);
  *number = waiting ? (last = waiting) : activeExtent(found);
  unlockWorld();
  strcpy(path, found);
  return waiting ? OK : failing(ERR_NO_TRANSLOGS_TO_ARCHIVE);
}

STATUS NSFGetFirstLogToArchive(UNID *id, DWORD *number, char *path) {
  STATUS laid = enter("NSFGetFirstLogToArchive", NULL);
  if (laid) return laid;
  begun = 1;
  last = 0;
  return next(id, number, path);
}

STATUS NSFGetNextLogToArchive(UNID *id, DWORD *number, char *path) {
  STATUS laid = enter("NSFGetNextLogToArchive", NULL);
  if (laid) return laid;
  if (!begun) violation("NSFGetNextLogToArchive before NSFGetFirstLogToArchive");
  return next(id, number, path);
}

STATUS NSFDoneArchivingLog(UNID *id, DWORD *number) {
  char path[PATH_SIZE], hex[33];
  snprintf(path, sizeof path, "%u", *number);
  STATUS laid = enter("NSFDoneArchivingLog", path);
  UNID ours = logId();
  if (laid) return laid;
  lockWorld();
  int waits = memcmp(id, &ours, sizeof ours) == 0 && access(inWorld(path, "log/waiting/%010u", *number), F_OK) == 0;
  int active = *number == activeExtent(path);
  if (waits) recycle(*number);
  unlockWorld();
  if (active) violation("NSFDoneArchivingLog of the extent %u that is still written", *number);
  if (!waits) return failing(ERR_NO_SUCH_TRANSLOG);
  journal("done %s %u", hexOf(id, hex), *number);
  return OK;
}
