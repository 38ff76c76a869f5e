import { describe, expect, it } from 'vitest'
import { annotationLink } from '../../src/lib/annotation-link'
import { isName, looksLikePromql } from '../../src/lib/promql-guess'

describe('links of annotations', () => {
  const shown = 'http://vigil:9090/runbooks/mpc/MPCNodeDown'
  it.each([
    [shown, '{{ $externalURL }}/runbooks/mpc/MPCNodeDown', { href: './runbooks/mpc/MPCNodeDown', text: shown }],
    [undefined, '{{externalURL}}/d/mpc-cluster-overview', { href: './d/mpc-cluster-overview', text: '/d/mpc-cluster-overview' }],
    ['{{ $externalURL }}/runbooks/mpc/X', '{{ $externalURL }}/runbooks/mpc/X', { href: './runbooks/mpc/X', text: '/runbooks/mpc/X' }],
    ['https://wiki.example/X', 'https://wiki.example/{{ $labels.alertname }}', { href: 'https://wiki.example/X', text: 'https://wiki.example/X' }],
    // What a label may fill in is not a path of ours.
    ['http://vigil/d/a', '{{ $externalURL }}/d/{{ $labels.uid }}', { href: 'http://vigil/d/a', text: 'http://vigil/d/a' }],
    ['http://vigil//evil.example', '{{ $externalURL }}//evil.example', { href: 'http://vigil//evil.example', text: 'http://vigil//evil.example' }],
    ['javascript:alert(1)', 'javascript:alert(1)', undefined],
    ['packs/mpc/runbooks/MPCNodeDown.md', undefined, undefined],
    ['Node 4 is down', '{{ $labels.node }} is down', undefined],
    [undefined, undefined, undefined],
  ])('%s of %s', (text, template, link) => expect(annotationLink(text, template)).toEqual(link))
})

describe('code in a text', () => {
  it.each([
    'up{stack="mpc",job="mpc-nodes"} == 0',
    'up == 0',
    'sum by (node_id) (rate(mpc_votes_total[5m]))',
    'up{role=~"bootnode|edge-nodes"}',
    'mpc_key_epoch - mpc_last_backup_epoch',
    'economic_total_value_locked_tokens offset 1h',
    'l2_sync_lag_blocks / -deriv(l2_sync_lag_blocks[10m])',
    'time() - celestia_last_success_timestamp_seconds',
    'celestia_account_balance_utia / 1e6',
    '(mpc_tls_certificate_expiry_timestamp_seconds - time()) / 86400',
    'slo:sli_error:ratio_rate5m{slo="x"}',
    'a_b > 0 and a_b < 3600',
  ])('%s is PromQL', (code) => expect(looksLikePromql(code)).toBe(true))
  it.each([
    'timeout',
    'mpc_open_proposals',
    'safety violation',
    'idle in transaction',
    'action="remove"',
    'vigil check config',
    'etcdctl endpoint status --cluster -w table',
    'etcdctl move-leader',
    'ps --sort=-rss',
    'du -xhd1',
    "dmesg | grep -i 'out of memory'",
    'curl http://<prover>:13001/ready',
    'curl -s http://localhost:8080/health',
    'kill $(pidof vigil)',
    '/api/v1/targets',
    'txpool.pricelimit',
    'depositTo(paymaster)',
    'sum(rate(a_total[5m])',
    '',
  ])('%s is not', (code) => expect(looksLikePromql(code)).toBe(false))
  it.each([
    ['mpc_open_proposals', true],
    ['job:up:sum', true],
    ['up', true],
    ['txpool.pricelimit', false],
    ['safety violation', false],
    ['5m', false],
  ])('whether %s is a name', (code, name) => expect(isName(code)).toBe(name))
})
