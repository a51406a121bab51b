// The dashboard: which page the address names, and the frame around it.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { HealthPage } from "./health";
import { connect, watchLink } from "./live";
import type { Link } from "./live";
import { Login } from "./login";
import { SessionList } from "./list";
import { SessionPage } from "./session";
import "./app.css";

type Route = { page: "list" } | { page: "session"; id: string } | { page: "health" };

function route(): Route {
  if (location.hash === "#/health") return { page: "health" };
  const match = /^#\/sessions\/([0-9a-f-]{32,36})$/i.exec(location.hash);
  return match?.[1] ? { page: "session", id: match[1].toLowerCase() } : { page: "list" };
}

const LINK_WORDS: Record<Link, string> = {
  connecting: "connecting",
  live: "live",
  lost: "reconnecting",
};

function App() {
  const [at, go] = useState(route);
  const [link, setLink] = useState<Link>("connecting");
  const [locked, setLocked] = useState(false);

  useEffect(() => {
    const moved = () => {
      go(route());
      scrollTo(0, 0);
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => watchLink(setLink), []);
  useEffect(() => {
    if (!locked) connect();
  }, [locked]);

  const lock = () => setLocked(true);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), document.getElementById("main")?.focus())}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="#/" aria-label="Furrow, all sessions">
          <Mark />
          <span>Furrow</span>
        </a>
        <nav aria-label="Pages">
          <a href="#/" aria-current={at.page === "list" ? "page" : undefined}>
            Sessions
          </a>
          <a href="#/health" aria-current={at.page === "health" ? "page" : undefined}>
            Health
          </a>
        </nav>
        <span class={`link ${link}`} role="status" data-testid="link" data-link={link}>
          <span class="dot" aria-hidden="true" />
          {LINK_WORDS[link]}
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {locked ? (
          <Login onOpen={() => setLocked(false)} />
        ) : at.page === "list" ? (
          <SessionList onLocked={lock} />
        ) : at.page === "health" ? (
          <HealthPage onLocked={lock} />
        ) : (
          <SessionPage key={at.id} id={at.id} onLocked={lock} />
        )}
      </main>
    </>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path class="brow" d="M4 14.500c2.600-4.500 6.600-5 9.500-.5M28 14.500c-2.600-4.500-6.600-5-9.500-.5" />
      <path class="crease" d="M14.300 17.500v7.500M17.700 17.500v7.500" />
    </svg>
  );
}

const root = document.getElementById("app");
if (root) render(<App />, root);
