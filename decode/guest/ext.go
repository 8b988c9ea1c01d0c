package guest

import "platter/decode"

// Ext is a superblock of ext2, ext3 or ext4.
type Ext struct{}

// ExtMagic marks a superblock of ext2, ext3 and ext4.
const ExtMagic = 0xEF53

// ExtSuperblock is the start of a superblock of ext2, ext3 or ext4.
var (
	ExtSuperblock = decode.New[Ext]("ext superblock", 136, decode.Little,
		"Describes an ext2, ext3 or ext4 volume. It lies 1024 bytes after the volume's start; copies stand at the start of some block groups.", "Linux, Documentation/filesystems/ext4/super.rst")
	_                 = ExtSuperblock.U32(0, "s_inodes_count", "Number of inodes.")
	ExtBlocks         = ExtSuperblock.U32(4, "s_blocks_count_lo", "Number of blocks, its lower 32 bits.")
	_                 = ExtSuperblock.U32(8, "s_r_blocks_count_lo", "Blocks that only root may take.")
	_                 = ExtSuperblock.U32(12, "s_free_blocks_count_lo", "Free blocks.")
	_                 = ExtSuperblock.U32(16, "s_free_inodes_count", "Free inodes.")
	ExtFirstBlock     = ExtSuperblock.U32(20, "s_first_data_block", "Number of the block that group 0 starts with: 1 with blocks of 1 KiB, else 0.")
	ExtLogBlockSize   = ExtSuperblock.U32(24, "s_log_block_size", "A block has 1024 bytes, doubled so many times.")
	_                 = ExtSuperblock.U32(28, "s_log_cluster_size", "The same for clusters.")
	ExtBlocksPerGroup = ExtSuperblock.U32(32, "s_blocks_per_group", "Blocks in a group.")
	_                 = ExtSuperblock.U32(36, "s_clusters_per_group", "Clusters in a group.")
	_                 = ExtSuperblock.U32(40, "s_inodes_per_group", "Inodes in a group.")
	_                 = ExtSuperblock.U32(44, "s_mtime", "When it was mounted last, in Unix time.")
	_                 = ExtSuperblock.U32(48, "s_wtime", "When it was written last, in Unix time.")
	_                 = ExtSuperblock.U16(52, "s_mnt_count", "Mounts since the last check.")
	_                 = ExtSuperblock.U16(54, "s_max_mnt_count", "Mounts after which to check.")
	ExtMark           = ExtSuperblock.U16(56, "s_magic", "Marks a superblock: 0xEF53.", decode.Fixed(ExtMagic))
	_                 = ExtSuperblock.U16(58, "s_state", "1: cleanly unmounted.", decode.Hex())
	_                 = ExtSuperblock.U16(60, "s_errors", "What to do about errors.")
	_                 = ExtSuperblock.U16(62, "s_minor_rev_level", "Minor revision.")
	_                 = ExtSuperblock.U32(64, "s_lastcheck", "When it was checked last, in Unix time.")
	_                 = ExtSuperblock.U32(68, "s_checkinterval", "Seconds between checks.")
	_                 = ExtSuperblock.U32(72, "s_creator_os", "0 for Linux.")
	_                 = ExtSuperblock.U32(76, "s_rev_level", "Major revision.")
	_                 = ExtSuperblock.U16(80, "s_def_resuid", "Who may take reserved blocks.")
	_                 = ExtSuperblock.U16(82, "s_def_resgid", "Which group may take reserved blocks.")
	_                 = ExtSuperblock.U32(84, "s_first_ino", "First inode that is not reserved.")
	_                 = ExtSuperblock.U16(88, "s_inode_size", "Bytes of an inode.")
	ExtGroup          = ExtSuperblock.U16(90, "s_block_group_nr", "The block group that this copy stands in; 0 in the first superblock.")
	_                 = ExtSuperblock.U32(92, "s_feature_compat", "Features that others may ignore.", decode.Hex())
	_                 = ExtSuperblock.U32(96, "s_feature_incompat", "Features that others must know.", decode.Hex())
	_                 = ExtSuperblock.U32(100, "s_feature_ro_compat", "Features that others must know to write.", decode.Hex())
	_                 = ExtSuperblock.Bytes(104, 16, "s_uuid", "Identity of the volume.")
	ExtLabel          = ExtSuperblock.Text(120, 16, "s_volume_name", "Name of the volume.")
)
