/*
 * A stand-in as a program of Windows: hands its arguments over to the command line in the file beside it, `NAME.exe.command` (UTF-8), and ends as that ends. Killed,
 * it takes that with it, but not what that has started: as if the two were one.
 */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

#define LONGEST 32768

/* What follows the name of the program, with the quotes as they were given. */
static const wchar_t *parameters(void) {
  const wchar_t *at = GetCommandLineW();
  const wchar_t *end = *at == L'"' ? wcschr(at + 1, L'"') : wcschr(at, L' ');
  if (!end) return L"";
  return *end == L'"' ? end + 1 : end;
}

int wmain(void) {
  static wchar_t path[LONGEST], command[LONGEST], line[LONGEST];
  char text[4096];
  STARTUPINFOW startup;
  PROCESS_INFORMATION started;
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
      .BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK};
  HANDLE job = CreateJobObjectW(NULL, NULL);
  DWORD code = 1;
  DWORD length = GetModuleFileNameW(NULL, path, LONGEST);
  swprintf(path + length, LONGEST - length, L".command");
  FILE *file = _wfopen(path, L"rb");
  if (!file) return 125;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  MultiByteToWideChar(CP_UTF8, 0, text, -1, command, LONGEST);
  swprintf(line, LONGEST, L"%ls%ls", command, parameters());
  GetStartupInfoW(&startup);
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &started)) return 126;
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  AssignProcessToJobObject(job, started.hProcess);
  ResumeThread(started.hThread);
  WaitForSingleObject(started.hProcess, INFINITE);
  GetExitCodeProcess(started.hProcess, &code);
  return (int)code;
}
