import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { askWho, endSession } from "../api/accounts.ts";
import { waitingQuery } from "../api/approval-queries.ts";
import { startLive, useLive } from "../api/live.ts";
import { serverQuery } from "../api/queries.ts";
import { useSignedIn } from "../session.ts";
import { SignIn } from "../screens/sign-in.tsx";
import { GlassBanner } from "./glass-banner.tsx";
import { Badge } from "./status.tsx";

const pages = [
  { to: "/", name: "Environments" },
  { to: "/promotions", name: "Promotions" },
  { to: "/approvals", name: "Approvals" },
  { to: "/manual-checks", name: "Manual checks" },
  { to: "/findings", name: "Findings" },
  { to: "/waivers", name: "Waivers" },
  { to: "/break-glass", name: "Broken glass" },
  { to: "/deployments", name: "Deployments" },
  { to: "/commits", name: "Commits" },
] as const;

export function Shell() {
  const { kind } = useSignedIn();
  useEffect(() => {
    if (kind === "unknown") void askWho();
  }, [kind]);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  // Whoever opens a link is nobody yet.
  if (path === "/welcome") return <Outlet />;
  if (kind === "unknown") return null;
  return kind === "out" ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  useEffect(() => startLive(), []);
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header>
        <span className="brand">Tidelock</span>
        <nav aria-label="Pages">
          {pages.map(({ to, name }) => (
            <Link key={to} to={to} activeOptions={{ exact: to === "/" }}>
              {name}
              {to === "/approvals" ? <WaitsForMe /> : null}
            </Link>
          ))}
        </nav>
        <LiveMark />
        <Link to="/account">Account</Link>
        <button type="button" onClick={() => void endSession()}>
          Sign out
        </button>
      </header>
      <StaleBanner />
      <GlassBanner />
      <main id="content">
        <Outlet />
      </main>
      <Footer />
    </>
  );
}

/** How many approvals wait for whoever is signed in. */
function WaitsForMe() {
  const { data } = useQuery(waitingQuery);
  const count = data?.items.length ?? 0;
  if (count === 0) return null;
  return (
    <>
      {" "}
      <span className="count">
        {count}
        <span className="hidden"> {count === 1 ? "waits" : "wait"} for you</span>
      </span>
    </>
  );
}

function LiveMark() {
  const live = useLive();
  if (live.kind === "live") return <Badge tone="good">live</Badge>;
  if (live.kind === "stale") return <Badge tone="bad">stale</Badge>;
  if (live.kind === "refused") return <Badge tone="warn">no role</Badge>;
  return <Badge tone="quiet">{live.kind}</Badge>;
}

/** Always there, so that a screen reader hears when it fills. */
function StaleBanner() {
  const live = useLive();
  return (
    <div role="status" className={live.kind === "stale" || live.kind === "refused" ? "banner" : ""}>
      {live.kind === "refused"
        ? "No role lets you see anything here yet. Ask whoever invited you for one; the page notices when you have it."
        : null}
      {live.kind === "stale"
        ? `Stale since ${live.since.toLocaleTimeString()}: the server does not answer. What you see may be old; trying again.`
        : null}
    </div>
  );
}

function Footer() {
  const { data } = useQuery(serverQuery);
  if (data === undefined) return null;
  const { version, url, database, agent } = data;
  return (
    <footer className="muted">
      Tidelock {version} at {url} · {database} database · agent{" "}
      {agent.connected ? "connected" : "not connected"} · isolation {agent.isolation}
      {agent.reason === null ? "" : ` (${agent.reason})`}
    </footer>
  );
}
