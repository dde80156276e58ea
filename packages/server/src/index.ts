export type { AppRouter } from "./appRouter.ts"
export { createLatchkeyServer } from "./createLatchkeyServer.ts"
export type {
  Identify,
  Identity,
  LatchkeyServerOptions,
  Logger,
  ProductOptions,
  ScopesOf,
  TrustedIssuer,
} from "./options/options.ts"
export { OptionsError } from "./options/optionsError.ts"
export type {
  Accepted,
  ApiKeyChange,
  AuthenticateOptions,
  Caller,
  ContextInfo,
  ContextRequest,
  ContextSource,
  HeadersSource,
  LatchkeyContext,
  LatchkeyScope,
  LatchkeyServer,
  NewApiKey,
  OpenApiParts,
  OwnerApiKeys,
  RefusalBody,
  RefusalCause,
  Refused,
  Requirement,
  RequiresProcedure,
  Verdict,
  Via,
} from "./types.ts"
