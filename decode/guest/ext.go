package guest

import "platter/decode"

// Ext is a superblock of ext2, ext3 or ext4.
type Ext struct{}

// ExtMagic marks a superblock of ext2, ext3 and ext4.
const ExtMagic = 0xEF53

// ExtSuperblock is a superblock of ext2, ext3 or ext4.
var (
	ExtSuperblock = decode.New[Ext]("ext superblock", 1024, decode.Little,
		"Describes an ext2, ext3 or ext4 volume. It lies 1024 bytes after the volume's start; copies stand at the start of some block groups.", "Linux, Documentation/filesystems/ext4/super.rst")
	_                 = ExtSuperblock.U32(0, "s_inodes_count", "Number of inodes.")
	ExtBlocks         = ExtSuperblock.U32(4, "s_blocks_count_lo", "Number of blocks, its lower 32 bits.")
	_                 = ExtSuperblock.U32(8, "s_r_blocks_count_lo", "Blocks that only root may take.")
	ExtFreeBlocks     = ExtSuperblock.U32(12, "s_free_blocks_count_lo", "Free blocks.")
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
	ExtState          = ExtSuperblock.U16(58, "s_state", "1: cleanly unmounted. 2: errors were found. 4: orphans are being recovered.", decode.Hex())
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
	ExtIncompatible   = ExtSuperblock.U32(96, "s_feature_incompat", "Features that others must know.", decode.Hex())
	ExtReadOnly       = ExtSuperblock.U32(100, "s_feature_ro_compat", "Features that others must know to write.", decode.Hex())
	ExtUUID           = ExtSuperblock.Bytes(104, 16, "s_uuid", "Identity of the volume.")
	ExtLabel          = ExtSuperblock.Text(120, 16, "s_volume_name", "Name of the volume.")
	_                 = ExtSuperblock.Text(136, 64, "s_last_mounted", "Where it was mounted last.")
	_                 = ExtSuperblock.U32(200, "s_algorithm_usage_bitmap", "For compression, which was never made.")
	_                 = ExtSuperblock.U8(204, "s_prealloc_blocks", "Blocks to take at once for a file.")
	_                 = ExtSuperblock.U8(205, "s_prealloc_dir_blocks", "Blocks to take at once for a directory.")
	_                 = ExtSuperblock.U16(206, "s_reserved_gdt_blocks", "Blocks kept for more group descriptors.")
	_                 = ExtSuperblock.Bytes(208, 16, "s_journal_uuid", "Identity of the journal.")
	_                 = ExtSuperblock.U32(224, "s_journal_inum", "Inode of the journal, normally 8.")
	_                 = ExtSuperblock.U32(228, "s_journal_dev", "Device of a journal that lies elsewhere.")
	_                 = ExtSuperblock.U32(232, "s_last_orphan", "First of the deleted files that were open.")
	_                 = ExtSuperblock.Bytes(236, 16, "s_hash_seed", "For the hashes of directories.")
	_                 = ExtSuperblock.U8(252, "s_def_hash_version", "How directories are hashed.")
	_                 = ExtSuperblock.U8(253, "s_jnl_backup_type", "1: s_jnl_blocks is filled in.")
	ExtDescriptorSize = ExtSuperblock.U16(254, "s_desc_size", "Bytes of a group descriptor with the feature 64bit; else it has 32.")
	_                 = ExtSuperblock.U32(256, "s_default_mount_opts", "How to mount it.", decode.Hex())
	_                 = ExtSuperblock.U32(260, "s_first_meta_bg", "First group of the feature meta_bg.")
	_                 = ExtSuperblock.U32(264, "s_mkfs_time", "When it was made, in Unix time.")
	_                 = ExtSuperblock.Bytes(268, 68, "s_jnl_blocks", "A copy of what the journal's inode says about its blocks.")
	ExtBlocksHigh     = ExtSuperblock.U32(336, "s_blocks_count_hi", "Number of blocks, its upper 32 bits.")
	_                 = ExtSuperblock.U32(340, "s_r_blocks_count_hi", "Blocks that only root may take, upper 32 bits.")
	ExtFreeHigh       = ExtSuperblock.U32(344, "s_free_blocks_count_hi", "Free blocks, upper 32 bits.")
	_                 = ExtSuperblock.Bytes(348, 276, "more settings", "Inode sizes, RAID, multiple mount protection, checksum type, and a record of errors.")
	ExtSeed           = ExtSuperblock.U32(624, "s_checksum_seed", "What checksums start from with the feature metadata_csum_seed; else they start from that of s_uuid.", decode.Hex())
	_                 = ExtSuperblock.Bytes(628, 392, "reserved and small settings", "Encodings, upper parts of times, and room.")
	ExtChecksum       = ExtSuperblock.U32(1020, "s_checksum", "CRC-32C of the bytes before, with the feature metadata_csum.", decode.Hex())
)

// What superblocks say with bits.
const (
	ExtClean       = 1      // s_state
	ExtRecover     = 0x4    // s_feature_incompat: the journal has to be replayed
	Ext64Bit       = 0x80   // s_feature_incompat
	ExtSeeded      = 0x2000 // s_feature_incompat: metadata_csum_seed
	ExtChecksummed = 0x400  // s_feature_ro_compat: metadata_csum
	ExtUnread      = 1 << 1 // bg_flags: the block bitmap was never written
)

// The features with which blocks are counted and bitmaps are found as they always were.
const (
	// filetype, recover, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir,
	// inline_data, encrypt, casefold
	ExtIncompatibleKnown = 0x2 | ExtRecover | 0x40 | Ext64Bit | 0x100 | 0x200 | 0x400 | ExtSeeded | 0x4000 | 0x8000 | 0x10000 | 0x20000
	// sparse_super, large_file, btree_dir, huge_file, gdt_csum, dir_nlink, extra_isize,
	// quota, metadata_csum, readonly, project, verity
	ExtReadOnlyKnown = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | ExtChecksummed | 0x1000 | 0x2000 | 0x8000
)

type extGroup struct{}

// ExtGroupDescriptor says where the bitmaps and inodes of a block group lie.
var (
	ExtGroupDescriptor = decode.New[extGroup]("ext group descriptor", 64, decode.Little,
		"Describes a block group: where its bitmaps and its inodes lie, and what is free. Without the feature 64bit it has only the first 32 bytes.", "Linux, Documentation/filesystems/ext4/group_descr.rst")
	ExtBitmap        = ExtGroupDescriptor.U32(0, "bg_block_bitmap_lo", "Block of the bitmap of used blocks.")
	_                = ExtGroupDescriptor.U32(4, "bg_inode_bitmap_lo", "Block of the bitmap of used inodes.")
	_                = ExtGroupDescriptor.U32(8, "bg_inode_table_lo", "First block of the inodes.")
	ExtGroupFree     = ExtGroupDescriptor.U16(12, "bg_free_blocks_count_lo", "Free blocks.")
	_                = ExtGroupDescriptor.U16(14, "bg_free_inodes_count_lo", "Free inodes.")
	_                = ExtGroupDescriptor.U16(16, "bg_used_dirs_count_lo", "Directories.")
	ExtGroupFlags    = ExtGroupDescriptor.U16(18, "bg_flags", "1: the inodes were never written. 2: the block bitmap was not. 4: the inode table is zeros.", decode.Hex())
	_                = ExtGroupDescriptor.U32(20, "bg_exclude_bitmap_lo", "For snapshots, which were never made.")
	ExtBitmapSum     = ExtGroupDescriptor.U16(24, "bg_block_bitmap_csum_lo", "CRC-32C of the block bitmap, lower 16 bits.", decode.Hex())
	_                = ExtGroupDescriptor.U16(26, "bg_inode_bitmap_csum_lo", "CRC-32C of the inode bitmap, lower 16 bits.", decode.Hex())
	_                = ExtGroupDescriptor.U16(28, "bg_itable_unused_lo", "Inodes at the end that were never used.")
	_                = ExtGroupDescriptor.U16(30, "bg_checksum", "Checksum of the descriptor.", decode.Hex())
	ExtBitmapHigh    = ExtGroupDescriptor.U32(32, "bg_block_bitmap_hi", "Block of the bitmap of used blocks, upper 32 bits.")
	_                = ExtGroupDescriptor.U32(36, "bg_inode_bitmap_hi", "Block of the bitmap of used inodes, upper 32 bits.")
	_                = ExtGroupDescriptor.U32(40, "bg_inode_table_hi", "First block of the inodes, upper 32 bits.")
	ExtGroupFreeHigh = ExtGroupDescriptor.U16(44, "bg_free_blocks_count_hi", "Free blocks, upper 16 bits.")
	_                = ExtGroupDescriptor.U16(46, "bg_free_inodes_count_hi", "Free inodes, upper 16 bits.")
	_                = ExtGroupDescriptor.U16(48, "bg_used_dirs_count_hi", "Directories, upper 16 bits.")
	_                = ExtGroupDescriptor.U16(50, "bg_itable_unused_hi", "Inodes at the end that were never used, upper 16 bits.")
	_                = ExtGroupDescriptor.U32(52, "bg_exclude_bitmap_hi", "For snapshots.")
	ExtBitmapSumHigh = ExtGroupDescriptor.U16(56, "bg_block_bitmap_csum_hi", "CRC-32C of the block bitmap, upper 16 bits.", decode.Hex())
	_                = ExtGroupDescriptor.U16(58, "bg_inode_bitmap_csum_hi", "CRC-32C of the inode bitmap, upper 16 bits.", decode.Hex())
	_                = ExtGroupDescriptor.Reserved(60, 4)
)

// ExtShortDescriptor is the length of a group descriptor without the feature 64bit.
const ExtShortDescriptor = 32
