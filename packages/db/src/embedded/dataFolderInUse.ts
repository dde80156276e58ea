/** Another process, or another handle of this one, has the folder. */
export class DataFolderInUse extends Error {
  override name = "DataFolderInUse"
  readonly folder: string

  constructor(folder: string) {
    super(`another process is using the data folder ${folder}`)
    this.folder = folder
  }
}
