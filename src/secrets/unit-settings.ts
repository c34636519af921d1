/**
 * Settings of systemd.unit(5), systemd.service(5), systemd.socket(5), systemd.exec(5), systemd.kill(5),
 * systemd.resource-control(5) and systemd-system.conf(5) whose values are no secrets: they decide what becomes of a process.
 */
const NAMES = `
Requires Requisite Wants BindsTo PartOf Upholds Conflicts Before After OnFailure OnSuccess RequiresMountsFor WantsMountsFor
JoinsNamespaceOf DefaultDependencies RefuseManualStart RefuseManualStop AllowIsolate StopWhenUnneeded CollectMode
StartLimitIntervalSec StartLimitInterval StartLimitBurst StartLimitAction FailureAction SuccessAction JobTimeoutSec
JobRunningTimeoutSec JobTimeoutAction IgnoreOnIsolate SourcePath WantedBy RequiredBy UpheldBy Also Alias DefaultInstance
Type ExitType RemainAfterExit GuessMainPID PIDFile BusName NotifyAccess Restart RestartSec RestartSteps RestartMaxDelaySec
RestartMode RestartPreventExitStatus RestartForceExitStatus SuccessExitStatus TimeoutSec TimeoutStartSec TimeoutStopSec
TimeoutAbortSec TimeoutStartFailureMode TimeoutStopFailureMode RuntimeMaxSec RuntimeRandomizedExtraSec WatchdogSec Sockets
FileDescriptorStoreMax FileDescriptorStorePreserve NonBlocking OOMPolicy OpenFile USBFunctionDescriptors PermissionsStartOnly
RootDirectoryStartOnly ReloadSignal KillMode KillSignal RestartKillSignal FinalKillSignal SendSIGKILL SendSIGHUP
WatchdogSignal Delegate DelegateSubgroup DisableControllers Slice
ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenSpecial SocketMode SocketUser SocketGroup DirectoryMode
Service Accept RemoveOnStop Symlinks FileDescriptorName Backlog BindIPv6Only BindToDevice MaxConnections FreeBind
User Group DynamicUser SupplementaryGroups SetLoginEnvironment PAMName WorkingDirectory RootDirectory RootImage RootEphemeral
RootHash RootVerity MountAPIVFS UMask CapabilityBoundingSet AmbientCapabilities NoNewPrivileges SecureBits SELinuxContext
AppArmorProfile SmackProcessLabel KeyringMode OOMScoreAdjust TimerSlackNSec Personality IgnoreSIGPIPE Nice IOSchedulingClass
IOSchedulingPriority CPUSchedulingPolicy CPUSchedulingPriority CPUSchedulingResetOnFork CPUAffinity NUMAPolicy NUMAMask
CoredumpFilter ProtectSystem ProtectHome ProtectHostname ProtectClock ProtectKernelTunables ProtectKernelModules
ProtectKernelLogs ProtectControlGroups ProtectProc ProcSubset PrivateTmp PrivateDevices PrivateNetwork PrivateIPC PrivatePIDs
PrivateUsers PrivateUsersEx PrivateMounts PrivateBPF NetworkNamespacePath IPCNamespacePath UserNamespacePath BindPaths BindReadOnlyPaths
ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths ReadWriteDirectories ReadOnlyDirectories
InaccessibleDirectories TemporaryFileSystem MountImages ExtensionImages ExtensionDirectories MountFlags BindLogSockets
RuntimeDirectory StateDirectory CacheDirectory LogsDirectory ConfigurationDirectory RuntimeDirectoryMode StateDirectoryMode
CacheDirectoryMode LogsDirectoryMode ConfigurationDirectoryMode RuntimeDirectoryPreserve StateDirectoryQuota
StateDirectoryAccounting TimeoutCleanSec LockPersonality MemoryDenyWriteExecute ExecSearchPath EnvironmentFile PassEnvironment
UnsetEnvironment StandardInput StandardOutput StandardError TTYPath UtmpIdentifier UtmpMode LogLevelMax SyslogIdentifier
TasksMax TasksAccounting CPUQuota CPUQuotaPeriodSec CPUWeight StartupCPUWeight CPUShares CPUAccounting AllowedCPUs
AllowedMemoryNodes MemoryMin MemoryLow MemoryHigh MemoryMax MemorySwapMax MemoryZSwapMax MemoryLimit MemoryAccounting IOWeight
IOAccounting BlockIOAccounting BlockIOWeight IPAccounting IPAddressAllow IPAddressDeny SocketBindAllow SocketBindDeny
DevicePolicy DeviceAllow ManagedOOMSwap ManagedOOMMemoryPressure CoredumpReceive
DefaultTimeoutStartSec DefaultTimeoutStopSec DefaultTasksMax DefaultTasksAccounting DefaultMemoryAccounting StatusUnitFormat`;

const PLAIN_SETTINGS: ReadonlySet<string> = new Set(NAMES.trim().split(/\s+/));
/** Families of settings; conditions on variables and on the kernel's command line may name a value. */
const FAMILIES =
  /^(?:(?:Condition|Assert)(?!Environment|KernelCommandLine)[A-Z]\w*|(?:Default)?Limit[A-Z]+|(?:SystemCall|Restrict)\w+)$/;

/** May the value of this setting be kept as it is? */
export function isPlainSetting(key: string): boolean {
  return PLAIN_SETTINGS.has(key) || FAMILIES.test(key);
}
