import { useQuery } from "@tanstack/react-query"
import { FormError } from "../components/forms/FormError.tsx"
import { Skeleton } from "../components/Skeleton.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { PublicShell } from "../components/shell/PublicShell.tsx"
import { loadReference } from "../docs/openApi.ts"
import { ReferenceBody } from "../docs/ReferenceBody.tsx"
import { PUBLIC } from "../queryClient.ts"

/** The reference of the REST API, from the server's own OpenAPI document. */
export function DocsPage() {
  const reference = useQuery({
    queryKey: ["openapi"],
    meta: PUBLIC,
    queryFn: ({ signal }) => loadReference(signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <PublicShell isWide>
      {reference.data ? (
        <ReferenceBody reference={reference.data} />
      ) : (
        <>
          <PageHeading title="API reference" />
          <div className="mt-6">
            {reference.isError ? <FormError error={reference.error} /> : <DocsSkeleton />}
          </div>
        </>
      )}
    </PublicShell>
  )
}

export const DocsSkeleton = () => (
  <div aria-hidden="true" className="grid gap-3">
    <Skeleton className="h-4 max-w-2xl" />
    <Skeleton className="h-4 max-w-xl" />
    <Skeleton className="mt-6 h-40" />
    <Skeleton className="h-40" />
  </div>
)
