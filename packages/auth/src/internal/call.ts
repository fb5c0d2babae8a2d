/** One call to the authorization server. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { GrantUnavailable } from "../Grant.ts"
import type { Environment, Request } from "../Renewal.ts"
import type { TokenSet } from "../TokenSet.ts"

/** The call itself. It cannot be interrupted, only abandoned: what comes back has to reach the store. */
export const call = (
  env: Environment,
  request: Request,
  method: "refresh" | "signIn",
  tokens: TokenSet | undefined,
  longest: number
) => {
  const { context, grant } = env
  const effect =
    method === "refresh" && grant.refresh !== undefined && tokens !== undefined
      ? grant.refresh(context, tokens)
      : grant.obtain(context)
  const abandoned = Effect.flatMap(Deferred.await(env.abandoned), () =>
    Effect.fail(new GrantUnavailable({ ambiguous: true, message: "The session was closed before the answer came." }))
  )
  const bounded = Effect.raceFirst(effect, abandoned).pipe(
    Effect.timeoutOrElse({
      duration: longest,
      orElse: () =>
        Effect.fail(
          new GrantUnavailable({
            ambiguous: true,
            message: `The grant ${grant.name} did not end within ${longest} ms.`
          })
        )
    }),
    Effect.catchDefect((defect) =>
      Effect.fail(
        new GrantUnavailable({
          ambiguous: true,
          message: `The grant ${grant.name} failed unexpectedly (${defect instanceof Error ? defect.name : typeof defect}).`
        })
      )
    )
  )
  env.report({ _tag: "Calling", operation: method })
  return env.telemetry.call(method, !request.attended, bounded)
}

/** A person takes longer than a lease lasts: it is extended while a sign-in waits for one. */
export const extend = ({ key, store }: Environment, owner: string, ttl: number): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.sleep(ttl / 3), Effect.ignore(store.acquire(key, owner, ttl))))
