// Asks for the read key where one is configured.

import { useState } from "preact/hooks";
import { Refused, login } from "./api";

export function Login(props: { onOpen(): void }) {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const open = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await login(key);
      props.onOpen();
    } catch (error) {
      setProblem(
        error instanceof Refused ? error.message : "The service could not be reached. Try again.",
      );
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="login" onSubmit={open} data-testid="login">
      <h1>Read key</h1>
      <p>
        Scores are read with the key that stands in the configuration as <code>api.read_key</code>.
      </p>
      <label for="key">Key</label>
      <input
        id="key"
        type="password"
        autocomplete="current-password"
        required
        value={key}
        onInput={(e) => setKey(e.currentTarget.value)}
        aria-describedby={problem ? "problem" : undefined}
      />
      {problem && (
        <p id="problem" class="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" class="primary" disabled={busy}>
        Open the dashboard
      </button>
    </form>
  );
}
