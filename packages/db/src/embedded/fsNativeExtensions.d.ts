declare module "fs-native-extensions" {
  /** Takes an exclusive lock on an open file; false when it is held elsewhere. */
  export function tryLock(fd: number): boolean
}
