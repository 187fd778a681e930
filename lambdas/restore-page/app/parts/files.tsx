import { useMemo, useState } from 'preact/hooks'
import { filterFiles } from '../ways/filter.ts'
import type { Opened, OpenedArtefact, Problem, Progress, Restoring, Saving } from '../ways/restoring.ts'
import { fileName } from '../words/file-name.ts'
import { Notice } from './notice.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { type DownloadState, useDownload } from './use-download.ts'
import { useWords } from './words.tsx'

const rows = 100

/** The files of an opened backup: filter, one of them, or all. */
export function Files({
  opened,
  worker,
  saving,
  listen,
  onForget,
}: {
  opened: Opened
  worker: Restoring
  saving: Saving
  listen(listener: ((progress: Progress) => void) | undefined): void
  onForget(): void
}) {
  const { texts, format } = useWords()
  const [words, setWords] = useState('')
  const [most, setMost] = useState(rows)
  const files = opened.artefacts
  const matching = useMemo(() => filterFiles(files, words), [files, words])
  const { state, start, stop } = useDownload(worker, saving, `${fileName(opened.sourceName)}.tar`, listen)
  const hasUnits = useMemo(() => new Set(files.map(({ unit }) => unit)).size > 1, [files])
  const running = state.kind === 'running'
  const bytes = format.bytes(matching.reduce((sum, { size }) => sum + size, 0))
  return (
    <div class="files">
      <h4>{texts.files.title(format.number(files.length))}</h4>
      <Download state={state} onStop={stop} />
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={running || matching.length === 0}
          onClick={() => start(matching)}
        >
          {matching.length === files.length
            ? texts.files.all(bytes)
            : texts.files.matching(format.number(matching.length), bytes)}
        </button>
        <button type="button" disabled={running} onClick={onForget}>
          {texts.kit.forget}
        </button>
      </div>
      <label>
        {texts.files.filter}
        <input
          type="search"
          value={words}
          onInput={event => {
            setWords(event.currentTarget.value)
            setMost(rows)
          }}
        />
      </label>
      <p class="muted" role="status">
        {matching.length === 0
          ? texts.files.none
          : texts.files.shown(format.number(Math.min(most, matching.length)), format.number(files.length))}
      </p>
      <table class="file-list">
        <thead>
          <tr>
            <th scope="col">{texts.files.name}</th>
            <th scope="col" class="number">
              {texts.files.size}
            </th>
            <th scope="col">
              <span class="unseen">{texts.files.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {matching.slice(0, most).map(file => (
            <tr key={file.id}>
              <th scope="row">
                {file.file}
                {hasUnits && <span class="muted unit"> {file.unit}</span>}
                <span class="narrow muted">{format.bytes(file.size)}</span>
              </th>
              <td class="number">{format.bytes(file.size)}</td>
              <td>
                <button
                  type="button"
                  disabled={running}
                  aria-label={texts.files.getFile(file.file)}
                  onClick={() => start([file])}
                >
                  {texts.files.get}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {matching.length > most && (
        <button type="button" onClick={() => setMost(most + 5 * rows)}>
          {texts.files.more}
        </button>
      )}
    </div>
  )
}

/** How far the download is, and how it ended. */
function Download({ state, onStop }: { state: DownloadState; onStop(): void }) {
  return (
    <div class="download">
      {state.kind === 'running' && <Running state={state} onStop={onStop} />}
      {state.kind === 'failed' && <ProblemNotice problem={namedProblem(state.file, state.problem)} />}
      <Ended state={state} />
    </div>
  )
}

function namedProblem(file: OpenedArtefact | undefined, problem: Problem) {
  return { ...problem, why: [file?.file, problem.why].filter(Boolean).join(': ') || undefined }
}

function Running({
  state: { file, fetched, saved, all },
  onStop,
}: {
  state: Extract<DownloadState, { kind: 'running' }>
  onStop(): void
}) {
  const { texts, format } = useWords()
  return (
    <div class="running">
      <p>{texts.files.running(file.file, format.bytes(fetched), format.bytes(file.sealedSize))}</p>
      <progress aria-label={texts.files.progress(file.file)} max={Math.max(1, file.sealedSize)} value={fetched} />
      {all > 1 && <p role="status">{texts.files.total(format.number(saved), format.number(all))}</p>}
      <button type="button" onClick={onStop}>
        {texts.files.stop}
      </button>
    </div>
  )
}

function Ended({ state }: { state: DownloadState }) {
  const { texts, format } = useWords()
  switch (state.kind) {
    case 'done': {
      const [file] = state.files
      const text =
        state.files.length === 1 && file
          ? texts.files.done(file.file)
          : texts.files.allDone(format.number(state.files.length))
      return (
        <Notice kind="good" urgent>
          <p>✓ {text}</p>
        </Notice>
      )
    }
    case 'refused':
      return (
        <Notice kind="warning" urgent>
          <p>{texts.files.refused}</p>
        </Notice>
      )
    case 'stopped':
      return (
        <Notice kind="warning" urgent>
          <p>{texts.files.stopped}</p>
        </Notice>
      )
    default:
      return null
  }
}
