/** Flat drawings of the goods; `turn` shows the same thing in another light. */
const SHAPES: Record<string, string> = {
  can: `<ellipse cx="205" cy="318" rx="120" ry="12" fill="#0001"/>
    <path d="M262 190c62-18 70 70 6 86" fill="none" stroke="#2f5a43" stroke-width="14" stroke-linecap="round"/>
    <path d="M150 268 66 166" stroke="#2f5a43" stroke-width="20" stroke-linecap="round"/>
    <path d="m34 176 42-36 10 12-42 36Z" fill="#c89b4b"/>
    <path d="M140 176h132l12 134a8 8 0 0 1-8 8H136a8 8 0 0 1-8-8Z" fill="#3b7055"/>
    <path d="M140 176h40l-8 142h-36a8 8 0 0 1-8-8Z" fill="#2f5a43"/>
    <ellipse cx="206" cy="176" rx="66" ry="15" fill="#24402f"/>
    <path d="M160 172c0-72 92-72 92 0" fill="none" stroke="#3b7055" stroke-width="14"/>`,
  pot: `<ellipse cx="200" cy="322" rx="98" ry="11" fill="#0001"/>
    <path d="M200 210c-6-60-60-62-84-54 8 40 44 66 84 54Zm0 0c0-66 50-88 92-74-4 44-40 84-92 74Zm0-6c-14-40-2-92 18-108 20 28 16 82-18 108Z" fill="#4c8a5f"/>
    <path d="M200 240v-60" stroke="#35664a" stroke-width="6"/>
    <path d="M128 236h144l-18 78a10 10 0 0 1-10 8h-88a10 10 0 0 1-10-8Z" fill="#c9683f"/>
    <path d="M128 236h46l4 86h-22a10 10 0 0 1-10-8Z" fill="#b4572f"/>
    <rect x="116" y="208" width="168" height="34" rx="8" fill="#d97a4f"/>`,
  fork: `<g transform="rotate(38 200 200)"><path d="M176 92v74c0 20 48 20 48 0V92M200 92v94" fill="none" stroke="#7d8b90" stroke-width="12" stroke-linecap="round"/>
    <path d="M200 180v40" stroke="#7d8b90" stroke-width="12"/><rect x="188" y="214" width="24" height="30" rx="4" fill="#c89b4b"/>
    <path d="M186 240h28l6 84c0 22-40 22-40 0Z" fill="#b98550"/><path d="M186 240h10l-2 98c-8-2-14-6-14-14Z" fill="#9c6d3e"/></g>`,
  seeds: `<ellipse cx="200" cy="326" rx="110" ry="10" fill="#0001"/>
    <g transform="rotate(-9 160 220)"><rect x="96" y="112" width="128" height="190" rx="6" fill="#fbf6e8"/><rect x="96" y="112" width="128" height="44" rx="6" fill="#c4562f"/><circle cx="160" cy="222" r="36" fill="#e9a13b"/><circle cx="160" cy="222" r="14" fill="#7a4a20"/></g>
    <g transform="rotate(8 248 220)"><rect x="186" y="122" width="128" height="190" rx="6" fill="#fffdf5"/><rect x="186" y="122" width="128" height="44" rx="6" fill="#2f5a43"/><path d="M250 276v-60m0 26c-22 0-30-14-30-30 22 0 30 14 30 30Zm0-12c0-18 10-32 30-32 0 20-10 32-30 32Z" fill="none" stroke="#4c8a5f" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/></g>`,
  lantern: `<ellipse cx="200" cy="326" rx="84" ry="10" fill="#0001"/><path d="M154 122c0-70 92-70 92 0" fill="none" stroke="#3a464b" stroke-width="9"/>
    <path d="M150 150h100l-14-34h-72Z" fill="#3a464b"/><rect x="146" y="150" width="108" height="138" rx="8" fill="#fff2c9"/><circle cx="200" cy="222" r="46" fill="#ffe08a"/><circle cx="200" cy="222" r="24" fill="#ffc94d"/>
    <path d="M146 150v138m108-138v138m-54-138v138" stroke="#3a464b" stroke-width="7"/><rect x="136" y="284" width="128" height="38" rx="8" fill="#3a464b"/>`,
  twine: `<ellipse cx="200" cy="318" rx="112" ry="11" fill="#0001"/><ellipse cx="200" cy="290" rx="100" ry="24" fill="#9c6d3e"/><ellipse cx="200" cy="284" rx="100" ry="24" fill="#b98550"/>
    <rect x="134" y="140" width="132" height="146" rx="18" fill="#d8bd8c"/><path d="M134 164h132m-132 24h132m-132 24h132m-132 24h132m-132 24h132" stroke="#c3a26b" stroke-width="9"/>
    <ellipse cx="200" cy="138" rx="100" ry="24" fill="#b98550"/><ellipse cx="200" cy="132" rx="100" ry="24" fill="#c99760"/><ellipse cx="200" cy="132" rx="22" ry="6" fill="#7a5330"/>
    <path d="M262 246c50 6 20 56 62 60" fill="none" stroke="#c3a26b" stroke-width="7" stroke-linecap="round"/>`,
};

const BACKDROPS = [
  '',
  '<circle cx="200" cy="200" r="150" fill="#fff8"/>',
  '<path d="M0 300c90-60 180-40 400-90v190H0Z" fill="#fff7"/><circle cx="318" cy="86" r="34" fill="#fffa"/>',
];

export function art(id: string, tint: string, turn = 0): string {
  const flip = turn === 2 ? ' transform="translate(400 0) scale(-1 1)"' : '';
  return `<svg viewBox="0 0 400 400" role="img" preserveAspectRatio="xMidYMid slice"><rect width="400" height="400" fill="${tint}"/>${
    BACKDROPS[turn % BACKDROPS.length]
  }<g${flip}>${SHAPES[id] ?? ''}</g></svg>`;
}
