// Sessions as the query service answers them, in the protobuf JSON mapping.

const HOUR = 3_600_000;

/** A UUIDv7 made of a time and a number, as bytes. */
function sessionBytes(ms, n) {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(ms, 0, 6);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  bytes.writeUInt32BE((n * 2_654_435_761) % 2 ** 32, 10);
  bytes[15] = n;
  return bytes;
}

export function idText(base64) {
  const h = Buffer.from(base64, "base64").toString("hex");
  return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
}

const contributor = (signal, score, count, shareMilli, text) => ({ signal, score, count, shareMilli, text });

const measured = (measure, value) => ({ measure, value });

// The mapping leaves out what is 0.
const ZERO = {};

/** A session with everything that is not said at its default. */
export function session(n, now, over = {}) {
  const started = over.startedMs ?? now - n * 47_000;
  const last = over.lastInteractionMs ?? started + 40_000;
  return {
    tenant: "demo",
    property: "shop",
    sessionId: sessionBytes(started, n).toString("base64"),
    visitorId: Buffer.alloc(16, n).toString("base64"),
    status: "SESSION_STATUS_OPEN",
    firstRecordMs: String(started),
    lastRecordMs: String(last),
    device: "DEVICE_CLASS_DESKTOP",
    os: "Linux",
    browser: "Firefox",
    automated: false,
    entryPath: "/",
    exitPath: "/",
    batches: 6,
    interactions: 42,
    samples: "1240",
    presses: 9,
    gaps: 0,
    reordered: 0,
    unknown: 0,
    senders: 1,
    engagedMs: "38000",
    scrollDepthMilli: 620,
    signals: 0,
    pageViews: 1,
    conversions: 0,
    scored: true,
    scores: { ...ZERO, engagement: 4200, experience: 9100 },
    running: ZERO,
    confidenceMilli: 640,
    contributors: [],
    measures: [],
    foldVersion: 1,
    rules: "0",
    ...over,
    startedMs: String(started),
    lastInteractionMs: String(last),
  };
}

export function sessions(now) {
  return [
    session(1, now, {
      startedMs: now - 95_000,
      lastInteractionMs: now - 6_000,
      exitPath: "/products/lamp",
      browser: "Chrome",
      os: "Windows",
      signals: 6,
      pageViews: 3,
      conversions: 1,
      engagedMs: "71000",
      presses: 26,
      interactions: 148,
      samples: "3120",
      batches: 19,
      scrollDepthMilli: 840,
      scores: { frustration: 7420, confusion: 3160, engagement: 5100, navigation: 1200, form: 640, technical: 2800, exitRisk: 4380, experience: 3300 },
      running: { frustration: 6900, confusion: 2200, engagement: 300, navigation: 800, form: 600, technical: 2500, exitRisk: 4100 },
      confidenceMilli: 830,
      contributors: [
        contributor("rage_press", "frustration", 2, 580, "rage press, twice, on button#pay"),
        contributor("dead_press", "frustration", 3, 250, "dead press, 3 times, on button#pay and 1 more"),
        contributor("error_press", "frustration", 1, 170, "error press on button#voucher"),
        contributor("error_press", "technical", 1, 700, "error press on button#voucher"),
        contributor("slow_press", "technical", 1, 300, "slow press on button#reserve"),
        contributor("hesitation", "confusion", 2, 640, "hesitation, twice, over select#size"),
        contributor("scroll_thrash", "confusion", 1, 360, "scroll thrash"),
        contributor("quick_back", "navigation", 1, 1000, "quick back from /products/rug"),
        contributor("field_struggle", "form", 1, 1000, "field struggle in input#voucher"),
        contributor("about_to_leave", "exit_risk", 1, 700, "about to leave after a rage press"),
        contributor("rage_press", "exit_risk", 2, 300, "rage press, twice, on button#pay"),
        contributor("engaged_time", "engagement", 1, 560, "engaged for 71 s"),
        contributor("scroll_depth", "engagement", 1, 440, "scrolled to 84 %"),
      ],
      measures: [
        measured("path_px", 18_420.4),
        measured("straightness", 0.6123),
        measured("x_flips", 41),
        measured("turning_rad_per_1000_px", 5.417),
        measured("peak_speed_px_per_s", 2_310.8),
        measured("log_dimensionless_jerk", -9.462),
        measured("scroll_path_viewports", 4.31),
        measured("hover_ms", 23_800),
        measured("tilt_variance", 0.00031),
      ],
    }),
    session(2, now, {
      startedMs: now - 32_000,
      lastInteractionMs: now - 2_000,
      exitPath: "/",
      device: "DEVICE_CLASS_PHONE",
      os: "Android",
      browser: "Chrome",
      scores: { frustration: 2310, engagement: 2600, experience: 7200 },
      running: { frustration: 2310 },
      signals: 1,
      contributors: [contributor("repeated_rotation", "frustration", 1, 1000, "repeated rotation, 4 turns within 6 s")],
    }),
    session(3, now, {
      startedMs: now - 4_000,
      lastInteractionMs: now - 1_000,
      exitPath: "/cart",
      scored: false,
      scores: ZERO,
      interactions: 3,
      presses: 1,
      engagedMs: "3000",
      device: "DEVICE_CLASS_TABLET",
      os: "iPadOS",
      browser: "Safari",
    }),
    session(4, now, {
      startedMs: now - 410_000,
      lastInteractionMs: now - 200_000,
      exitPath: "/checkout/address-and-a-rather-long-path-that-needs-cutting/step/2",
      scores: { frustration: 5240, confusion: 6120, engagement: 3300, form: 4400, technical: 5100, exitRisk: 2100, experience: 4700 },
      running: { frustration: 5240, confusion: 6000, form: 4400, technical: 5100, exitRisk: 2100 },
      signals: 3,
      contributors: [
        contributor("error_press", "frustration", 2, 640, "error press, twice, on button#voucher"),
        contributor("retry_press", "frustration", 1, 360, "retry press on button#voucher"),
        contributor("form_error_loop", "form", 1, 1000, "form error loop in form#address"),
        contributor("meander", "confusion", 2, 1000, "meander, twice"),
      ],
    }),
    session(5, now, {
      startedMs: now - 2 * HOUR,
      lastInteractionMs: now - 2 * HOUR + 310_000,
      status: "SESSION_STATUS_ENDED",
      exitPath: "/products/chair",
      browser: "Safari",
      os: "macOS",
      engagedMs: "263000",
      conversions: 1,
      scores: { frustration: 480, engagement: 8300, experience: 9700 },
      contributors: [contributor("engaged_time", "engagement", 1, 1000, "engaged for 4 min")],
    }),
    session(6, now, {
      startedMs: now - 3 * HOUR,
      lastInteractionMs: now - 3 * HOUR + 90_000,
      status: "SESSION_STATUS_ENDED",
      exitPath: "/",
      automated: true,
      browser: "",
      os: "",
      device: "DEVICE_CLASS_UNSPECIFIED",
      scores: { ...ZERO, experience: 8000, engagement: 200 },
    }),
    session(7, now, {
      startedMs: now - 30 * HOUR,
      lastInteractionMs: now - 30 * HOUR + 340_000,
      status: "SESSION_STATUS_BROKEN",
      exitPath: "/products/lamp",
      scores: { frustration: 9120, confusion: 5300, engagement: 3900, navigation: 6100, technical: 6300, exitRisk: 8800, experience: 1200 },
      contributors: [
        contributor("rage_press", "frustration", 4, 710, "rage press, 4 times, on div.gallery and 2 more"),
        contributor("dead_press", "frustration", 6, 290, "dead press, 6 times"),
      ],
    }),
  ];
}

/** The session page of the first of them. */
export function detail(now) {
  const first = sessions(now)[0];
  const start = Number(first.startedMs);
  const signal = (ordinal, name, at, over) => ({
    ordinal,
    signal: name,
    atMs: String(start + at),
    durationMs: 0,
    pageView: 1,
    path: "/products/lamp",
    target: "1234567890123456789",
    selector: "main button#pay",
    label: "Buy now",
    x: 820,
    y: 410,
    intensityMilli: 600,
    evidenceCount: 1,
    evidenceAt: [0],
    reason: "",
    ruleVersion: 1,
    ...over,
  });
  const pageView = (ordinal, path, group, over) => ({
    ordinal,
    path,
    group,
    samples: "900",
    scored: true,
    running: over.scores,
    confidenceMilli: 410,
    contributors: [],
    measures: [],
    ...over,
  });
  return {
    session: first,
    signals: [
      signal(0, "responsive_multi_press", 9_000, {
        pageView: 0,
        path: "/",
        selector: "button.next",
        label: "Next",
        x: 1120,
        y: 300,
        durationMs: 1_800,
        evidenceCount: 4,
        evidenceAt: [0, 600, 1_200, 1_800],
        intensityMilli: 400,
        reason: "4 presses in 1.8 s, each answered within 90 ms",
      }),
      signal(1, "dead_press", 27_400, { reason: "looks pressable, nothing happened within 2.5 s" }),
      signal(2, "rage_press", 31_000, {
        durationMs: 1_250,
        evidenceCount: 6,
        evidenceAt: [0, 240, 490, 730, 990, 1_250],
        intensityMilli: 930,
        reason: "6 presses in 1.3 s, none of them answered within 1 s",
      }),
      signal(3, "rage_press", 38_000, {
        durationMs: 900,
        evidenceCount: 4,
        evidenceAt: [0, 300, 610, 900],
        intensityMilli: 700,
        x: 640,
        y: 220,
        selector: "main div.gallery img",
        label: "",
        reason: "4 presses in 0.9 s, none of them answered within 1 s",
      }),
      signal(4, "error_press", 55_000, {
        selector: "aside button#voucher",
        label: "Apply voucher",
        x: 930,
        y: 560,
        intensityMilli: 1000,
        reason: "a request failed with 500 within 240 ms of the press",
      }),
      signal(5, "slow_press", 71_000, {
        pageView: 2,
        path: "/cart",
        selector: "button#reserve",
        label: "Reserve",
        x: 700,
        y: 480,
        intensityMilli: 500,
        reason: "first answer after 1,810 ms",
      }),
    ],
    pageViews: [
      pageView(0, "/", "home", {
        startedMs: String(start),
        lastInteractionMs: String(start + 21_000),
        engagedMs: "19000",
        scrollDepthMilli: 480,
        presses: 5,
        interactions: 40,
        scores: { engagement: 2400, experience: 9600 },
        contributors: [contributor("engaged_time", "engagement", 1, 1000, "engaged for 19 s")],
        measures: [measured("path_px", 3_120.2), measured("straightness", 0.784), measured("hover_ms", 4_100)],
      }),
      pageView(1, "/products/lamp", "product", {
        startedMs: String(start + 22_000),
        lastInteractionMs: String(start + 61_000),
        engagedMs: "37000",
        scrollDepthMilli: 840,
        presses: 17,
        interactions: 82,
        scores: { frustration: 7400, confusion: 3160, engagement: 3900, form: 640, technical: 2100, exitRisk: 4380, experience: 3100 },
        contributors: [
          contributor("rage_press", "frustration", 2, 700, "rage press, twice, on main button#pay"),
          contributor("hesitation", "confusion", 2, 1000, "hesitation, twice, over select#size"),
        ],
        measures: [measured("path_px", 14_002.9), measured("straightness", 0.551), measured("scroll_path_viewports", 4.31), measured("hover_ms", 19_700)],
      }),
      pageView(2, "/cart", "", {
        startedMs: String(start + 62_000),
        lastInteractionMs: String(start + 89_000),
        engagedMs: "15000",
        scrollDepthMilli: 1000,
        presses: 1,
        interactions: 4,
        scored: false,
        scores: ZERO,
      }),
    ],
    conversions: [
      { ordinal: 0, orderId: "A-1041", kind: "purchase", atMs: String(start + 86_000), valueMinor: "8990", currency: "EUR", pageView: 2, frustration: 6100 },
    ],
  };
}

/** A pointer that wanders between places, as a person's does. */
function wander(fromMs, places) {
  const at = [];
  const x = [];
  const y = [];
  let t = fromMs;
  for (let i = 0; i + 1 < places.length; i++) {
    const [x0, y0] = places[i];
    const [x1, y1] = places[i + 1];
    const bend = ((i % 3) - 1) * 60;
    for (let s = 0; s <= 30; s++) {
      const p = s / 30;
      const ease = p * p * (3 - 2 * p);
      at.push(Math.round(t));
      x.push(Math.round(x0 + (x1 - x0) * ease + Math.sin(p * Math.PI) * bend));
      y.push(Math.round(y0 + (y1 - y0) * ease + Math.sin(p * Math.PI) * bend * 0.7));
      t += 17 + 14 * Math.abs(p - 0.5);
    }
    t += 300;
  }
  return { at, x, y };
}

export function trail(now) {
  const start = Number(sessions(now)[0].startedMs);
  const senderId = Buffer.from("0102030405060708", "hex").toString("base64");
  const page = (number, path, startedMs, over) => ({
    senderId,
    number,
    path,
    startedMs: String(startedMs),
    viewportWidth: 1280,
    viewportHeight: 760,
    documentHeight: 2400,
    paths: [],
    presses: [],
    scrolls: [],
    ...over,
  });
  const press = (at, x, y, selector, label) => ({ at, x, y, selector, label });
  return {
    pages: [
      page(0, "/", start + 40, {
        paths: [wander(400, [[100, 80], [640, 300], [1120, 300], [700, 600]])],
        presses: [9_000, 9_600, 10_200, 10_800].map((at) => press(at, 1120, 300, "button.next", "Next")),
        scrolls: [{ at: [13_000, 13_400, 14_000, 17_000], y: [0, 180, 390, 390] }],
      }),
      page(1, "/products/lamp", start + 22_050, {
        paths: [
          wander(300, [[700, 600], [300, 240], [640, 220], [980, 340], [820, 410]]),
          wander(10_000, [[824, 408], [860, 440], [780, 380], [840, 430], [640, 220]]),
          wander(22_000, [[640, 220], [420, 480], [560, 700], [880, 620], [930, 560]]),
        ],
        presses: [
          press(5_400, 820, 410, "main button#pay", "Buy now"),
          ...[0, 240, 490, 730, 990, 1_250].map((d, i) => press(9_000 + d, 820 + i, 410 - i, "main button#pay", "Buy now")),
          ...[0, 300, 610, 900].map((d, i) => press(16_000 + d, 636 + 3 * i, 222 + 2 * i, "main div.gallery img", "")),
          press(33_000, 930, 560, "aside button#voucher", "Apply voucher"),
        ],
        scrolls: [{ at: [19_000, 19_300, 19_700, 20_200, 27_000, 27_500, 28_000], y: [0, 240, 500, 820, 820, 1_100, 1_260] }],
      }),
      page(2, "/cart", start + 62_020, {
        documentHeight: 760,
        paths: [wander(500, [[930, 560], [700, 480], [720, 500], [640, 640]])],
        presses: [press(9_000, 700, 480, "button#reserve", "Reserve"), press(24_000, 640, 640, "button#order", "Order")],
      }),
    ],
    batchesLeftOut: 0,
  };
}

/** The update that a further rage press brings. */
export function furtherPress(now, offset = 900) {
  const { session: s, signals } = detail(now);
  return {
    update: {
      origin: { epoch: 0, partition: 3, offset: String(offset) },
      session: {
        ...s,
        signals: 7,
        batches: s.batches + 1,
        lastInteractionMs: String(now),
        lastRecordMs: String(now),
        scores: { ...s.scores, frustration: 8610 },
        running: { ...s.running, frustration: 8200 },
      },
      signals: [{ ...signals[2], ordinal: 6, atMs: String(now - 1_000), pageView: 2, path: "/cart", x: 700, y: 480 }],
      pageViews: [],
      conversions: [],
    },
  };
}

/** A pipeline in which all is well. */
export function health(now, over = {}) {
  const lag = (role, topic, more = {}) => ({
    role,
    topic,
    partitions: 8,
    records: "0",
    seconds: 0,
    partition: 0,
    secondsMax: 300,
    recordsGone: "0",
    measuredMs: String(now),
    problem: "",
    ...more,
  });
  const part = (name, count) => ({ name, count: String(count) });
  return {
    atMs: String(now),
    lags: [
      lag("scorer", "interactions", { records: "3", seconds: 0.42, partition: 5 }),
      lag("sink", "scores"),
      lag("sink", "interactions"),
    ],
    canary: {
      outcome: "CANARY_OUTCOME_ARRIVED",
      tookMs: 612,
      endedMs: String(now - 8_000),
      arrivedMs: String(now - 8_000),
      everyMs: "60000",
      failures: "0",
      detail: "",
    },
    laws: [
      {
        name: "gateway",
        whole: part("received", 1204),
        parts: [part("accepted", 1190), part("rejected", 11), part("shed", 2), part("failed", 0), part("in flight", 1)],
        holds: true,
        missing: "0",
      },
      {
        name: "scorer",
        whole: part("records", 1300),
        parts: [part("scored", 1180), part("duplicate", 10), part("tick", 110)],
        holds: true,
        missing: "0",
      },
    ],
    deadLetters: [],
    deadLettersSinceMs: "0",
    retentionS: "273600",
    ...over,
  };
}

/** The same pipeline when its scorer stands still. */
export function illHealth(now) {
  const well = health(now);
  return {
    ...well,
    lags: [{ ...well.lags[0], records: "5120", seconds: 412.4, partition: 3 }, ...well.lags.slice(1)],
    canary: {
      ...well.canary,
      outcome: "CANARY_OUTCOME_NOT_SCORED",
      endedMs: String(now - 2_000),
      failures: "4",
      detail: "archived, but its session has no row",
    },
    laws: [well.laws[0], { ...well.laws[1], holds: false, missing: "2" }],
    deadLetters: [{ reason: "unreadable", count: "7" }],
    deadLettersSinceMs: String(now - HOUR),
  };
}
