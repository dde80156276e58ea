/** Another process, or another handle in this one, has locked the folder. */
export class DataFolderInUse extends Error {
  override name = "DataFolderInUse"
  readonly folder: string

  constructor(folder: string) {
    super(`another process is using the data folder ${folder}`)
    this.folder = folder
  }
}
