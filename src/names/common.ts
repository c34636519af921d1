/** Accounts, groups and machines that are named for a purpose, alike everywhere: they tell of nobody, and are words of a report. */
const PURPOSES = `
root toor daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup nfsnobody
operator halt shutdown adm ftp http sshd ssh messagebus dbus polkitd polkituser rtkit avahi avahi-autoipd colord geoclue gdm
gdm3 lightdm sddm pulse pulse-access pulse-rt saned usbmux systemd-network systemd-resolve systemd-timesync systemd-coredump
systemd-journal systemd-oom systemd-bus-proxy uuidd tss tcpdump landscape fwupd-refresh dnsmasq chrony ntp _chrony _apt
_flatpak libstoragemgmt cockpit-ws cockpit-wsinstance setroubleshoot sssd rpc rpcuser statd unbound nscd nslcd postfix postdrop
mysql postgres redis memcache memcached apache nginx caddy haproxy tomcat jenkins gitlab gitlab-runner gitlab-www git gitea
runner actions buildkite buildkite-agent teamcity bamboo drone woodpecker tekton argo prometheus grafana node-exporter
node_exporter docker dockerd dockremap podman containers container containerd crio cri-o kube kubernetes kubelet k3s k8s etcd
libvirt libvirt-qemu libvirt-dnsmasq qemu kvm vboxadd lxd lxc incus lxc-dnsmasq snap_daemon snapd builder build builds
buildkit buildkitd buildctl buildah buildx nixbld nix rootless rootful rootlesskit worker user users admin administrator
administrators guest test tests tester dev developer developers deploy ci cd bot service services system default core vagrant
ubuntu debian fedora centos rocky alma almalinux rhel redhat alpine arch archlinux opensuse suse gentoo amazon azure gcp google
ec2-user cloud-user cloud-init cloudinit azureuser opc oracle linux unix host localhost localdomain local localnet broadcasthost
ip6-localhost ip6-loopback ip6-localnet ip6-mcastprefix ip6-allnodes ip6-allrouters ip6-allhosts tty disk kmem dialout fax voice
cdrom floppy tape sudo wheel audio dip src shadow utmp video sasl plugdev staff input render sgx crontab netdev ssl-cert lpadmin
scanner bluetooth wireshark wheel utempter uuidd mem cgred power optical storage lock uucp rfkill network nm-openconnect
ssh_keys slocate mlocate plocate printadmin tape kvm sambashare nogroup systemd-journal-remote systemd-journal-upload
www srv data home node node1 app apps web db cache tmp null none nil true false undefined coder codespace gitpod vscode linuxbrew homebrew jovyan pi nixbld1
`;
export const GENERIC: ReadonlySet<string> = new Set(PURPOSES.trim().split(/\s+/));

/** Purposes that come numbered, and what systemd makes up. */
const GENERIC_FORM = /^(?:nixbld\d+|systemd-[\w-]+|_[a-z][\w-]*|(?:builder|worker|node|runner)-?\d{1,3}|\d+)$/;

export function isGeneric(name: string): boolean {
  return GENERIC.has(name.toLowerCase()) || GENERIC_FORM.test(name);
}

/**
 * Words of sentences and of configurations, which are names of people and machines, too. They are replaced only where a name
 * stands, or no sentence would be left.
 */
const WORDS = `
a able about above absent accept access account accounts across act add address addresses after again against ago all allow
allowed alone already also always among an and another answer answers any anybody anything are argument around art as ask asked
at august away back base be because before begin behind being below beside best between big bill bind bits block bob-cat both
bound box break bridge bug busy but buy by bytes call called can cannot cap capabilities case cause certificate chain chance
change changes char charity chase check checks child choose chuck class clean clear click client close closed code come command
commands common compose condition config configuration configured connect connection console content context control copy could
count cover cpu create created current daily dash date dawn day days debug decide default delegate delete denied depth detail
device devices digest dir direct directories directory disabled do does done down drew driver drop due each early earnest easy
edge edit else empty enable enabled end enough enter entries entry env environment error errors every everything examine example
exec exist exists exit expected explain express extra fact fail failed fails faith false far fast fault features few field file
files filesystem fill filter find first fix fixed fixes flag flags flat float flow folder follow for force forever fork form
format found frank from full fuse gene general get give given glob go good grace grant grants group groups guard guy had hand
handle hard hardware has have he head health help helper helpers here high hint history hit holder hope hour house how hunter
id idea identity idmap if ignore image images in include index info init inner inode inodes input inside install instance
instead into is isolate issue it item its itself ivy jack jay job join joy june just keep kernel kernels key kind know known
label lance large last later launch launcher layer layers lead least leave left length less let level lib library light like
limit limits line lines link links lint live load loaded log login long look low lower machine made main major make manager
manifest many map maps mark mask master match max may mean memory message method might mime min mine mirror miss missing mode
model module modules more most mount mounts mounted move much must name named names namespace namespaces native need needs net
never new next nice nick no node none normal not note nothing notice now null number numbers object off ok old olive on once one ones
only open option options or order original other others otherwise ought our out output outside over overlay overlayfs own owner
owners package packages page pages pair parent part partial pass passes past pat patch path paths pattern pearl peer penny per
permission permissions pid pids pin ping pipe place plain plan platform platforms please pod pods point policy port ports
possible power prepared present print private privileged probe problem problems process processes profile program programs
project proof proved public pull push put query quick quiet quota quote ran range ranges rate rather ray read ready real reason
reboot record reference refused region registry release reload remote remove render repair replace report reported reports
request require required reserve reset resource rest restart result results return rich right rights risk rob rock rod role
room rose rule rules run runc running runs runtime safe same sandy say says scope script second seconds secret secrets security
see seen select self send series server service set settings setup severe severity shade shared shell short should show side
sign signal silent simple since single site size skip slice slot small snapshotter so socket sockets some something soon source
space special specific stage stand standard start started starts state status step steps still stone stop stopped storage store
strict string strong sub subject subordinate such sue suffix sum sunny support sure switch symbol sync table take taken target
task tell temp template term terry text than that the their them then there therefore these they thing things this those thread
through tim time times tls to together token too tool tools total trace tree trial tried trigger true trust try turn two type
types ubuntu uid umask unable under unit units unknown unless unset until up upper use used user user-namespace username users
uses usual valid value values van variable verdict verify version versions very victor view virtual visible volume volumes wait
want warn warned warning was watch way we web well were what when where whether which while who whole whom whose why wide will
win window with within without word words work worker works would write writes written wrong yes yet you young your zero zone
none unconfined privileged unprivileged seccomp apparmor selinux cgroup cgroups systemd sysctl snap flatpak nfs zfs xfs ext4
btrfs tmpfs ramfs proc slirp4netns pasta cni bolt otel grpc tcp http https unix ssh fd npipe amd64 arm64 x64 riscv64 newuidmap
newgidmap subuid subgid passwd shadow getent loginctl linger session sudo su bash sh zsh fish dash busybox alpine scratch
`;
const COMMON: ReadonlySet<string> = new Set(WORDS.trim().split(/\s+/));

export function isCommon(word: string): boolean {
  const lower = word.toLowerCase();
  const stem = lower.replace(/(?:es|s|ed|ing)$/, '');
  return COMMON.has(lower) || (stem.length > 2 && (COMMON.has(stem) || COMMON.has(`${stem}e`))) || isGeneric(word);
}

/** Directories below which people's directories lie, and what is alike on every host. */
export const USUAL_FOLDERS: ReadonlySet<string> = new Set(
  (
    'home users export var srv mnt media nfs net data opt lib usr root run user local share state tmp nonexistent empty bin ' +
    'sbin etc dev proc sys volumes people exports homes storage nas raid pool autofs afs vol cache spool log www html games'
  ).split(' '),
);

/** Words of file names and of devices that are alike everywhere. */
const TECHNICAL: ReadonlySet<string> = new Set(
  (
    'vg lv lvm luks crypt cryptroot swap thin thinpool vgs dm rhel cl rl sda vda nvme raid fs api ca cert certs crt csr pem ' +
    'p12 pfx jks conf cfg db sql lock sock pid tmpl yaml yml json toml xml txt md sh py js mjs ts go rs log logs bak old ' +
    'orig src lib libs dist target vendor node_modules modules overlay overlay2 overlayfs snapshots snapshot metadata ' +
    'metadata_v2 containerdmeta content blobs blob sha256 ingest ingests executor history history_c8d cache workerid runc native ' +
    'stargz fuse fuseoverlay net cni work fs upper lower merged rootfs diff docker buildkit buildkitd containerd rootlesskit ' +
    'podman buildx nerdctl config configs environment.d applications services service units unit instances current contexts ' +
    'meta tls kube kubeconfig kubelet pods volumes volume plugins kubernetes.io csi pv pvc secret secrets token namespace ca.crt ' +
    'serviceaccount cli plugins projected configmap downward hostpath git github gitlab ssh agent gnupg docs doc data tmp temp ' +
    'www html public private shared share state local opt usr etc bin sbin var run home root mnt media srv build builds builder ' +
    'project projects workspace workspaces repo repos source sources test tests ci cd dev prod staging stage release releases ' +
    'backup backups archive images image registry mirror dockerfile makefile compose deploy deployment pod nvm npm yarn pnpm ' +
    'cargo rustup pyenv venv env conda miniconda anaconda snap flatpak nix profile downloads documents desktop pictures ' +
    'authorized_keys known_hosts id_rsa id_ed25519 rsa ed25519 key keys bashrc zshrc gitconfig npmrc netrc resolv hosts passwd'
  ).split(' '),
);

/** Is a name of a file or a folder made of nothing but words that are alike everywhere? */
export function isKnownWord(name: string): boolean {
  const lower = name.toLowerCase();
  if (lower.startsWith('.') || lower.startsWith('bk-doctor') || TECHNICAL.has(lower) || isCommon(lower)) return true;
  return lower
    .split(/[-_.+@ \d]+/)
    .filter((piece) => piece.length > 2)
    .every((piece) => TECHNICAL.has(piece) || USUAL_FOLDERS.has(piece) || isCommon(piece));
}

/** Domains that everybody uses: their hosts tell nothing of whoever names them. */
const PUBLIC_DOMAINS = (
  'docker.io docker.com gcr.io ghcr.io quay.io k8s.io kubernetes.io mcr.microsoft.com public.ecr.aws pkg.dev mirror.gcr.io ' +
  'github.com github.io githubusercontent.com gitlab.com mobyproject.org rootlesscontaine.rs containerd.io opencontainers.org ' +
  'kernel.org debian.org ubuntu.com launchpad.net fedoraproject.org redhat.com centos.org opensuse.org suse.com ' +
  'archlinux.org alpinelinux.org nixos.org freedesktop.org systemd.io apparmor.net nodejs.org npmjs.org npmjs.com golang.org ' +
  'go.dev pypi.org cncf.io opentelemetry.io man7.org stackoverflow.com wikipedia.org localhost localdomain cluster.local ' +
  'microsoft.com amazon.com oracle.com google.com canonical.com ' +
  'docker.internal containers.internal kubernetes.default.svc openshift.io tekton.dev nvidia.com podman.io'
).split(' ');

export function isPublic(host: string): boolean {
  const lower = host.toLowerCase();
  return PUBLIC_DOMAINS.some((domain) => lower === domain || lower.endsWith(`.${domain}`));
}

/** Last parts of host names; those of files are not among them. */
const TOP = new Set(
  (
    'com net org io dev cloud app edu gov mil info biz int eu uk de fr nl es ch dk se fi pt pl cz sk hu ro bg gr ie ca br mx ar ' +
    'cl jp cn kr tw hk sg au nz za ru ua tr il ae ai co tech xyz online site company corp internal lan intranet intra private ' +
    'home local example test invalid arpa onion localdomain lab office'
  ).split(' '),
);
/** Those that are words, too: with two parts before them alone. */
const TOP_WORDS = new Set('at be no by in is it me us so to tv cc pro systems network host zone team group'.split(' '));

export function isHostName(name: string): boolean {
  const parts = name.toLowerCase().split('.');
  const last = parts.at(-1) ?? '';
  if (parts.some((part) => part === '' || !/^[\p{L}\p{N}_-]+$/u.test(part))) return false;
  return (parts.length >= 2 && TOP.has(last)) || (parts.length >= 3 && TOP_WORDS.has(last));
}
