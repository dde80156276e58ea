import { randomBytes, randomUUID } from "node:crypto"
import { lookupIdOf } from "@latchkey/contract"
import type { NewSecret } from "@latchkey/db"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { formatKey } from "./keyFormat.ts"
import { makeReceipt } from "./verifying/receipt.ts"

/** Creates a key of an owner: the plaintext, and the parts that are stored. */
export type MakeSecret = (ownerId: string) => Promise<{ key: string; stored: NewSecret }>

/** @param options.keyPrefix the prefix of keys; null for keys without a prefix and checksum. */
export function createMakeSecret(
  { keyring, bcrypt }: { keyring: Keyring; bcrypt: BcryptQueue },
  { keyPrefix: prefix }: { keyPrefix: string | null },
): MakeSecret {
  return async (ownerId) => {
    const apiKey = generateKey()
    const id = randomUUID()
    const keyHash = await bcrypt.hash(apiKey)
    const receipt = makeReceipt(keyring.current, { id, ownerId, keyHash, apiKey })
    return {
      key: formatKey({ prefix, key: apiKey }),
      stored: {
        ...{ id, prefix, lookupId: lookupIdOf(apiKey), keyHash },
        ...{ receipt, receiptSecretId: keyring.current.id },
      },
    }
  }
}

/** 32 random bytes as 64 lowercase hex characters. */
const generateKey = () => randomBytes(32).toString("hex")
