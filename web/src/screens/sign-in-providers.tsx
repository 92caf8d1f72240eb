import { useEffect, useState } from "react";

interface Provider {
  readonly id: string;
  readonly name: string;
}

/** Signing in at somebody else's: a link for each provider; nothing as long as there is none. */
export function SignInProviders() {
  const [providers, setProviders] = useState<readonly Provider[]>([]);
  useEffect(() => {
    const over = new AbortController();
    void load(over.signal).then(setProviders, () => undefined);
    return () => over.abort();
  }, []);
  if (providers.length === 0) return null;
  const to = `${window.location.pathname}${window.location.search}`;
  return (
    <ul className="providers" aria-label="Sign in with">
      {providers.map(({ id, name }) => (
        <li key={id}>
          <a href={`/api/v1/sign-in/oidc/${encodeURIComponent(id)}?to=${encodeURIComponent(to)}`}>
            Sign in with {name}
          </a>
        </li>
      ))}
    </ul>
  );
}

async function load(signal: AbortSignal): Promise<readonly Provider[]> {
  const answer = await fetch("/api/v1/sign-in/providers", { signal });
  if (!answer.ok) return [];
  const { items } = (await answer.json()) as { readonly items?: readonly Provider[] };
  return items ?? [];
}
