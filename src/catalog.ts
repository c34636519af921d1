import { clientDocker } from './checks/client/docker.ts';
import { clientEndpoint } from './checks/client/endpoint.ts';
import { configBuildkitd } from './checks/config/buildkitd.ts';
import { configEntitlements } from './checks/config/entitlements.ts';
import { configRegistries } from './checks/config/registries.ts';
import { configTls } from './checks/config/tls.ts';
import { idmapHelpers } from './checks/idmap/helpers.ts';
import { idmapOverlap } from './checks/idmap/overlap.ts';
import { idmapRanges } from './checks/idmap/ranges.ts';
import { kernelLimits } from './checks/kernel/limits.ts';
import { kernelVersion } from './checks/kernel/version.ts';
import { lsmApparmor } from './checks/lsm/apparmor.ts';
import { lsmSelinux } from './checks/lsm/selinux.ts';
import { netDriver } from './checks/net/driver.ts';
import { netPorts } from './checks/net/ports.ts';
import { netSockets } from './checks/net/sockets.ts';
import { runtimeBinaries } from './checks/runtime/binaries.ts';
import { runtimeCgroups } from './checks/runtime/cgroups.ts';
import { runtimeDevices } from './checks/runtime/devices.ts';
import { runtimeInstance } from './checks/runtime/instance.ts';
import { runtimeProcessSandbox } from './checks/runtime/process-sandbox.ts';
import { runtimeSession } from './checks/runtime/session.ts';
import { serviceSession } from './checks/service/session.ts';
import { serviceStart } from './checks/service/start.ts';
import { serviceState } from './checks/service/state.ts';
import { serviceUnit } from './checks/service/unit.ts';
import { snapshotterFuseOverlayfs } from './checks/snapshotter/fuse-overlayfs.ts';
import { snapshotterOverlayfs } from './checks/snapshotter/overlayfs.ts';
import { snapshotterSelected } from './checks/snapshotter/selected.ts';
import { storageFilesystem } from './checks/storage/filesystem.ts';
import { storageOwnership } from './checks/storage/ownership.ts';
import { storageSpace } from './checks/storage/space.ts';
import { usernsLimits } from './checks/userns/limits.ts';
import { usernsPermission } from './checks/userns/permission.ts';
import { usernsProbe } from './checks/userns/probe.ts';
import { directDocker } from './fixes/client/docker.ts';
import { pointClient } from './fixes/client/endpoint.ts';
import { correctConfiguration } from './fixes/config/buildkitd.ts';
import { correctEntitlements } from './fixes/config/entitlements.ts';
import { correctRegistries } from './fixes/config/registries.ts';
import { protectKeys } from './fixes/config/tls.ts';
import { restoreHelpers } from './fixes/idmap/helpers.ts';
import { partRanges } from './fixes/idmap/overlap.ts';
import { giveRanges } from './fixes/idmap/ranges.ts';
import { raiseKernelLimits } from './fixes/kernel/limits.ts';
import { changeKernel } from './fixes/kernel/version.ts';
import { freeFromProfile } from './fixes/lsm/apparmor.ts';
import { relabel } from './fixes/lsm/selinux.ts';
import { supplyDriver } from './fixes/net/driver.ts';
import { movePorts } from './fixes/net/ports.ts';
import { repairSockets } from './fixes/net/sockets.ts';
import { supplyBinaries } from './fixes/runtime/binaries.ts';
import { mountCgroups } from './fixes/runtime/cgroups.ts';
import { makeDevices } from './fixes/runtime/devices.ts';
import { standBeside } from './fixes/runtime/instance.ts';
import { unmaskProc } from './fixes/runtime/process-sandbox.ts';
import { repairSession } from './fixes/runtime/session.ts';
import { keepSession } from './fixes/service/session.ts';
import { mendStart } from './fixes/service/start.ts';
import { enableUnit } from './fixes/service/state.ts';
import { loosenUnit } from './fixes/service/unit.ts';
import { replaceFuseOverlayfs } from './fixes/snapshotter/fuse-overlayfs.ts';
import { replaceOverlayfs } from './fixes/snapshotter/overlayfs.ts';
import { chooseSnapshotter } from './fixes/snapshotter/selected.ts';
import { mendFilesystem } from './fixes/storage/filesystem.ts';
import { restoreOwnership } from './fixes/storage/ownership.ts';
import { makeRoom } from './fixes/storage/space.ts';
import { raiseLimits } from './fixes/userns/limits.ts';
import { permitUserns } from './fixes/userns/permission.ts';
import { showProbe } from './fixes/userns/probe.ts';
import type { CatalogEntry } from './model/catalog.ts';

/** Every check in report order. */
export const catalog: readonly CatalogEntry[] = [
  { check: kernelVersion, fix: changeKernel },
  { check: kernelLimits, fix: raiseKernelLimits },
  { check: usernsLimits, fix: raiseLimits },
  { check: usernsPermission, fix: permitUserns },
  {
    check: usernsProbe,
    fix: showProbe,
    explainedBy: [
      'kernel/version',
      'userns/limits',
      'userns/permission',
      'idmap/helpers',
      'idmap/ranges',
      'lsm/selinux',
      'lsm/apparmor',
      'runtime/binaries',
      'runtime/session',
      'runtime/process-sandbox',
      'runtime/devices',
      'net/driver',
      'service/unit',
    ],
  },
  { check: idmapHelpers, fix: restoreHelpers },
  { check: idmapRanges, fix: giveRanges },
  { check: idmapOverlap, fix: partRanges },
  { check: lsmSelinux, fix: relabel },
  { check: lsmApparmor, fix: freeFromProfile },
  {
    check: snapshotterOverlayfs,
    fix: replaceOverlayfs,
    after: ['storage/ownership', 'storage/space'],
    explainedBy: [
      'userns/probe',
      'lsm/selinux',
      'lsm/apparmor',
      'storage/filesystem',
      'storage/ownership',
      'storage/space',
    ],
  },
  {
    check: snapshotterFuseOverlayfs,
    fix: replaceFuseOverlayfs,
    after: ['storage/ownership', 'storage/space'],
    explainedBy: ['userns/probe', 'lsm/apparmor', 'storage/filesystem', 'storage/ownership', 'storage/space'],
  },
  {
    check: snapshotterSelected,
    fix: chooseSnapshotter,
    after: ['snapshotter/overlayfs', 'snapshotter/fuse-overlayfs'],
    explainedBy: [
      'userns/probe',
      'snapshotter/overlayfs',
      'snapshotter/fuse-overlayfs',
      'storage/ownership',
      'storage/space',
      'config/buildkitd',
    ],
  },
  { check: storageOwnership, fix: restoreOwnership, explainedBy: ['runtime/session', 'config/buildkitd'] },
  { check: storageSpace, fix: makeRoom, after: ['storage/ownership'], explainedBy: ['storage/ownership'] },
  { check: storageFilesystem, fix: mendFilesystem, explainedBy: ['runtime/session', 'config/buildkitd'] },
  { check: runtimeBinaries, fix: supplyBinaries },
  { check: runtimeSession, fix: repairSession },
  { check: runtimeProcessSandbox, fix: unmaskProc },
  { check: runtimeCgroups, fix: mountCgroups },
  { check: runtimeDevices, fix: makeDevices },
  { check: runtimeInstance, fix: standBeside },
  { check: serviceStart, fix: mendStart },
  { check: serviceUnit, fix: loosenUnit, treatsNotes: true },
  { check: serviceState, fix: enableUnit, after: ['service/start', 'service/unit'], treatsNotes: true },
  { check: serviceSession, fix: keepSession, treatsNotes: true },
  { check: netPorts, fix: movePorts, explainedBy: ['config/buildkitd'] },
  {
    check: netSockets,
    fix: repairSockets,
    after: ['runtime/session'],
    explainedBy: ['runtime/session', 'config/buildkitd'],
  },
  { check: netDriver, fix: supplyDriver },
  { check: configBuildkitd, fix: correctConfiguration, treatsNotes: true },
  { check: configEntitlements, fix: correctEntitlements, after: ['config/buildkitd'] },
  { check: configTls, fix: protectKeys, after: ['config/buildkitd'] },
  { check: configRegistries, fix: correctRegistries, after: ['config/buildkitd'] },
  { check: clientEndpoint, fix: pointClient },
  { check: clientDocker, fix: directDocker },
];
