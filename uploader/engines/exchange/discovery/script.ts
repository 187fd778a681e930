/** Loads the cmdlets of Exchange: remotely, which Microsoft supports; else as the management shell does; else, where it may, as a snap-in. */
function connection(snapIn: boolean): string {
  const last = snapIn
    ? `
    try { Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn; return 'snap-in' } catch { $why += "snap-in: $_" }`
    : ''
  return `function Connect-Exchange {
  $why = @()
  $fqdn = [Net.Dns]::GetHostEntry($env:COMPUTERNAME).HostName
  try {
    $session = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri "http://$fqdn/PowerShell/" -Authentication Kerberos
    Import-Module (Import-PSSession $session -DisableNameChecking -AllowClobber -CommandName Get-MailboxDatabase, Get-MailboxDatabaseCopyStatus, Get-ExchangeServer) -Global | Out-Null
    return 'remote'
  } catch { $why += "remote: $_" }
  try {
    . "$env:ExchangeInstallPath\\bin\\RemoteExchange.ps1" | Out-Null
    Connect-ExchangeServer -auto -ClientApplication:ManagementShell | Out-Null
    return 'shell'
  } catch { $why += "shell: $_" }${last}
  throw ($why -join '; ')
}`
}

const head = `[Console]::OutputEncoding = New-Object Text.UTF8Encoding $false
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'`

/** Remotely, what Exchange gives comes as text: so everything is asked for as text. */
const databases = `@(Get-MailboxDatabase -Server $env:COMPUTERNAME -Status | Select-Object Name,
    @{n='Guid';e={"$($_.Guid)"}}, @{n='Server';e={"$($_.Server)"}},
    @{n='EdbFilePath';e={"$($_.EdbFilePath)"}}, @{n='LogFolderPath';e={"$($_.LogFolderPath)"}},
    @{n='LogFilePrefix';e={"$($_.LogFilePrefix)"}}, CircularLoggingEnabled, Mounted, BackupInProgress, Recovery,
    @{n='LastFullBackup';e={ if ($_.LastFullBackup) { ([datetime]$_.LastFullBackup).ToUniversalTime().ToString('o') } }})`

/** All that a backup wants to know, and what a doctor does. */
export function discoveryScript({ snapIn }: { snapIn: boolean }): string {
  return `${head}
${connection(snapIn)}
$computer = Get-CimInstance Win32_ComputerSystem
$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
$feature = Get-WindowsFeature Windows-Server-Backup
$how = Connect-Exchange
@{
  server = $env:COMPUTERNAME
  domainRole = [int]$computer.DomainRole
  elevated = $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
  process64 = [Environment]::Is64BitProcess
  serverBackup = [bool]$feature.Installed
  connected = $how
  version = "$((Get-ExchangeServer $env:COMPUTERNAME).AdminDisplayVersion)"
  letters = @(Get-CimInstance Win32_LogicalDisk | ForEach-Object { $_.DeviceID })
  volumes = @(Get-CimInstance Win32_Volume -Filter 'DriveType=3' | Where-Object { $_.Name -notlike '\\\\?\\*' } |
    Select-Object Name, DeviceID, @{n='Capacity';e={[string]$_.Capacity}}, @{n='FreeSpace';e={[string]$_.FreeSpace}})
  databases = ${databases}
  copies = @(Get-MailboxDatabaseCopyStatus -Server $env:COMPUTERNAME | Select-Object DatabaseName, @{n='Status';e={"$($_.Status)"}})
} | ConvertTo-Json -Depth 4 -Compress
`
}

/** Only what a backup changes. */
export function stampsScript({ snapIn }: { snapIn: boolean }): string {
  return `${head}
${connection(snapIn)}
$null = Connect-Exchange
@{ databases = ${databases} } | ConvertTo-Json -Depth 4 -Compress
`
}

export const shadowsScript = `${head}
@{ shadows = @(Get-CimInstance Win32_ShadowCopy | Select-Object ID, VolumeName, ExposedName) } | ConvertTo-Json -Depth 3 -Compress
`
