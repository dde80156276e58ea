import { Link } from "wouter"
import { ActivityList, ActivitySkeleton, NoActivity } from "../activity/ActivityList.tsx"
import { useActivity } from "../activity/useActivity.ts"
import { FormError } from "../components/forms/FormError.tsx"
import { Pager } from "../components/lists/Pager.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { usePages } from "../usePages.ts"

export function ActivityPage() {
  const pages = usePages()
  const list = useActivity(pages.cursor)
  const { data } = list
  return (
    <>
      <div className="mb-6">
        <PageHeading
          title="Activity"
          description={
            <>
              Sign-ins and changes to your account. If you don’t recognize one,{" "}
              <Link href="/account" className="rounded text-accent underline underline-offset-4">
                change your password
              </Link>
              .
            </>
          }
        />
      </div>
      {list.isError ? (
        <FormError error={list.error} />
      ) : !data ? (
        <ActivitySkeleton />
      ) : data.items.length === 0 ? (
        <NoActivity />
      ) : (
        <ActivityList events={data.items} isStale={list.isPlaceholderData} />
      )}
      <Pager
        items="events"
        page={pages.page}
        hasNext={Boolean(data?.nextCursor) && !list.isPlaceholderData}
        onPrevious={pages.toPrevious}
        onNext={() => data?.nextCursor && pages.toNext(data.nextCursor)}
      />
    </>
  )
}
