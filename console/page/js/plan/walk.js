// Walking a plan by time: where the machine is, which swath it works. Without a document.

const last = (list) => list[list.length - 1];

export const planTime = (segments) => (segments.length ? last(segments).start_s + last(segments).takes_s : 0);

// The segment at a time: the last that has begun.
export function segmentAt(segments, time) {
  let low = 0, high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (segments[middle].start_s <= time) low = middle;
    else high = middle - 1;
  }
  return segments[low] ?? null;
}

// {e, n, heading_deg, kind, swath, share} at a time since the plan's beginning [s]; null for a plan without a path.
export function poseAt(segments, time) {
  const segment = segmentAt(segments, time);
  if (!segment) return null;
  const drives = segment.takes_s - segment.wait_s - segment.settle_s;
  const share = drives > 0 ? Math.min(1, Math.max(0, (time - segment.start_s - segment.wait_s) / drives)) : 1;
  const yaw = segment.yaw_rad + (segment.kind === "turn" ? share * segment.turn_rad : 0);
  const [e, n] = along(segment.points, share);
  return { e, n, heading_deg: (450 - (yaw * 180) / Math.PI) % 360, kind: segment.kind, swath: segment.swath, share };
}

// The place at a share of a polyline's length.
export function along(points, share) {
  const lengths = points.slice(1).map(([x, y], n) => Math.hypot(x - points[n][0], y - points[n][1]));
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  for (const [n, length] of lengths.entries()) {
    if (left <= length && length > 0) {
      const part = left / length, [x0, y0] = points[n], [x1, y1] = points[n + 1];
      return [x0 + part * (x1 - x0), y0 + part * (y1 - y0)];
    }
    left -= length;
  }
  return last(points);
}

// Swaths worked by a time: whole ones, and the one being worked up to the machine. [[from, to], ...] of the body origin.
export function workedBy(segments, time) {
  const found = [];
  for (const segment of segments) {
    if (segment.start_s > time) break;
    if (segment.kind !== "swath") continue;
    const drives = segment.takes_s - segment.wait_s - segment.settle_s;
    const share = Math.min(1, Math.max(0, (time - segment.start_s - segment.wait_s) / Math.max(drives, 1e-9)));
    if (share > 0) found.push([segment.points[0], along(segment.points, share)]);
  }
  return found;
}

// Seconds by kind of segment.
export function timesByKind(segments) {
  const found = {};
  for (const { kind, takes_s } of segments) found[kind] = (found[kind] ?? 0) + takes_s;
  return found;
}

// The best of each figure among plans: {key: [indices]}; nothing where all are alike.
export function best(rows, keys) {
  return Object.fromEntries(keys.map((key) => {
    const least = Math.min(...rows.map((row) => row[key]));
    const found = rows.flatMap((row, n) => (row[key] === least ? [n] : []));
    return [key, found.length === rows.length ? [] : found];
  }));
}
