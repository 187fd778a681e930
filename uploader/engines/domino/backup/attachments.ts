import type { StagedArtefact } from '../../engine.ts'
import { isTaken, objectsIn, type Taken, TakenObjects } from '../place/daos.ts'
import { artefactName } from '../place/names.ts'
import type { OpenFiles } from './files.ts'
import type { Make } from './in-order.ts'
import type { Run } from './run.ts'

/** Takes the objects of the attachment store. */
export class Attachments {
  readonly #run: Pick<Run, 'instance' | 'context'>
  readonly #files: OpenFiles
  readonly #make: Make
  /** In the store, and here or in a run before this one. */
  readonly objects: TakenObjects

  constructor(run: Pick<Run, 'instance' | 'context'>, files: OpenFiles, make: Make, began: Date) {
    this.#run = run
    this.#files = files
    this.#make = make
    this.objects = new TakenObjects(began.getTime())
  }

  /** @param before those of a run before this one, which are not taken once more */
  async *take(before?: Taken): AsyncGenerator<StagedArtefact, void, undefined> {
    const { instance, context } = this.#run
    if (instance.objectStore && before === undefined)
      context.warn('daos-object-store', 'Attachments in an object store (DAOS tier 2) are not part of the backup')
    yield* this.#store('daos', before)
  }

  /** What came into being since: in a folder of its own, since an object that was still written then comes once more. */
  takeLater(): AsyncGenerator<StagedArtefact, void, undefined> {
    return this.#store('daos-later', this.objects.taken)
  }

  async *#store(
    folder: 'daos' | 'daos-later',
    before: Taken | undefined,
  ): AsyncGenerator<StagedArtefact, void, undefined> {
    const { instance, context } = this.#run
    const { daos } = instance
    if (daos === undefined) return
    const missing = () =>
      context.warn(
        'daos-missing',
        `There is no attachment store ${daos} (DAOSBasePath): no attachment of it is backed up`,
      )
    let gone = 0
    for await (const { object, changed } of objectsIn(daos, context.signal, folder === 'daos' ? missing : () => {})) {
      if (before && isTaken(before, object, changed)) {
        if (folder === 'daos') this.objects.add(object, changed)
        continue
      }
      const handle = await this.#files.open(object.file)
      if (!handle) {
        gone++
        continue
      }
      this.objects.add(object, changed)
      yield this.#make(`${folder}/${artefactName(object.path)}`, 'data', { path: object.path }, () =>
        this.#files.read(handle, object.file, object.size),
      )
    }
    if (gone > 0)
      context.warn(
        'object-gone',
        `${gone} objects of the attachment store were removed while it was backed up; after a restore, look for them with: tell daosmgr listnlo MISSING <database>`,
      )
  }
}
