/* wine's icacls says nothing and saves nothing; this one says of every file what a private one has. */
#include <stdio.h>
#include <wchar.h>

int wmain(int count, wchar_t **words) {
  const wchar_t *saved = L"file\r\nD:PAI(A;;FA;;;SY)(A;;FA;;;BA)\r\n";
  for (int i = 2; i + 1 < count; i++)
    if (!wcscmp(words[i], L"/save")) {
      FILE *file = _wfopen(words[i + 1], L"wb");
      if (!file) return 1;
      fwrite(saved, sizeof *saved, wcslen(saved), file);
      fclose(file);
    }
  return 0;
}
