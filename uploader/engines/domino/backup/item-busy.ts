import { ItemFailed } from '../../item-failed.ts'

/** The same may go well a little later. */
export class ItemBusy extends ItemFailed {}
