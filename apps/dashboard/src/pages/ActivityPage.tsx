import { Link } from "wouter"
import { ActivityList, ActivitySkeleton, NoActivity } from "../activity/ActivityList.tsx"
import { useActivity } from "../activity/useActivity.ts"
import { PagedList } from "../components/lists/PagedList.tsx"
import { usePages } from "../components/lists/usePages.ts"
import { PageHeading } from "../components/shell/PageHeading.tsx"

export function ActivityPage() {
  const pages = usePages()
  const list = useActivity(pages.cursor)
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
      <PagedList
        name="events"
        list={list}
        pages={pages}
        skeleton={<ActivitySkeleton />}
        none={<NoActivity />}
      >
        {(events, isStale) => <ActivityList events={events} isStale={isStale} />}
      </PagedList>
    </>
  )
}
